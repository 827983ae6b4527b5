import { deployerPlaces } from "./facts/deployers";
import type { HostFacts } from "./facts/hostFacts";
import { packagedQemuConf } from "./facts/installation";
import type { Problem } from "./inputs/problem";
import type { CommonArgs } from "./kinds/kind";
import type { EditFileStep, Plan } from "./plan/step";

/** Which of our settings: each tool has another place for each. */
type Topic = "nova" | "pages" | "pmem" | "migration" | "qemu" | "fstab";

/** A tool that writes configuration files, and would write over ours. */
interface Tool {
  name: string;
  /** What its templates begin with. */
  header?: RegExp;
  /** Directories whose files are all its own. */
  below?: RegExp;
  /** It is at work on this host. */
  isHere?: (facts: HostFacts) => boolean;
  /** Files without a sign that it writes where it is at work. */
  owns?: readonly string[];
  /** Where a setting belongs instead. */
  places: Partial<Record<Topic, string>>;
  /** What to do about a setting that it has no place for. */
  without?: Partial<Record<Topic, string>>;
  /** It runs nova-compute in a container, which we do not look into. */
  runsContainers?: true;
}

const has = (places: readonly string[]) => (facts: HostFacts) =>
  places.some((place) => facts.deployers.places.has(place));

/** In the words of each tool's own templates, read in its sources; the first that fits names the writer. */
const tools: readonly Tool[] = [
  {
    name: "Juju",
    header: /(maintained|installed|managed) by juju/i,
    places: {
      // nova-compute's charm: config-flags reach [DEFAULT] only, and the template has no section to add to.
      nova: "the charm's options: juju config nova-compute ram-allocation-ratio=1.0 reserved-host-memory=0, and [libvirt] file_backed_memory, for which the charm has no option, by hand in a file of its own in /etc/nova/nova.conf.d, where it is then kept right",
      pages: 'the charm\'s option: juju config nova-compute reserved-huge-pages="node:0,size:2048,count:64;…"',
    },
    without: {
      pmem: "Its charm has no option for pmem_namespaces: set it by hand in a file of its own in /etc/nova/nova.conf.d, where it is then kept right",
      qemu: "Its charm has no option for memory_backing_dir: leave that out, and mount the store at libvirt's own directory",
    },
  },
  {
    name: "Kolla",
    below: /^\/etc\/kolla\//,
    isHere: has(deployerPlaces.kolla),
    runsContainers: true,
    places: {
      nova: "nova/nova-compute.conf below node_custom_config (/etc/kolla/config) of kolla-ansible, then kolla-ansible reconfigure",
      pages:
        "nova/nova-compute.conf below node_custom_config (/etc/kolla/config) of kolla-ansible, then kolla-ansible reconfigure",
      pmem: "nova/nova-compute.conf below node_custom_config (/etc/kolla/config) of kolla-ansible, then kolla-ansible reconfigure",
      qemu: "nova/qemu.conf.j2 below node_custom_config (/etc/kolla/config) of kolla-ansible, then kolla-ansible reconfigure",
    },
  },
  {
    name: "EDPM",
    below: /^\/var\/lib\/openstack\//,
    isHere: has(deployerPlaces.edpm),
    // Written by edpm_libvirt for the libvirt of the host, with no word about itself.
    owns: [packagedQemuConf],
    runsContainers: true,
    places: {
      nova: "the ConfigMap nova-extra-config of the data plane's nova service, as 30-file-backed-memory.conf",
      pages: "the ConfigMap nova-extra-config of the data plane's nova service, as 30-huge-pages.conf",
      pmem: "the ConfigMap nova-extra-config of the data plane's nova service, as 30-persistent-memory.conf",
    },
    without: {
      qemu: "edpm_libvirt has no place for memory_backing_dir: leave that out, and mount the store at libvirt's own directory",
    },
  },
  {
    name: "TripleO",
    below: /^\/var\/lib\/config-data\//,
    isHere: has(deployerPlaces.tripleo),
    runsContainers: true,
    places: {
      nova: "ComputeExtraConfig of the deployment: nova::compute::libvirt::file_backed_memory, nova::ram_allocation_ratio, nova::compute::reserved_host_memory",
      pages: "ComputeExtraConfig of the deployment: nova::compute::reserved_huge_pages",
      pmem: "NovaPMEMMappings of the deployment",
      qemu: "ComputeExtraConfig of the deployment: nova::compute::libvirt::qemu::memory_backing_dir",
    },
  },
  {
    name: "Puppet",
    header: /(maintained|installed|managed|generated|controlled) by puppet/i,
    places: {
      nova: "Hiera: nova::compute::libvirt::file_backed_memory, nova::ram_allocation_ratio, nova::compute::reserved_host_memory",
      pages: "Hiera: nova::compute::reserved_huge_pages",
      pmem: "Hiera: nova::compute::libvirt::pmem_namespaces",
      qemu: "Hiera: nova::compute::libvirt::qemu::memory_backing_dir, with configure_qemu: true beside it",
      fstab: "the mount resource of Puppet, and leave device and fileSystem out here",
    },
  },
  {
    name: "OpenStack-Ansible",
    header: /ansible[ -]managed/i,
    below: /^\/openstack\/venvs\//,
    isHere: has(deployerPlaces.openstackAnsible),
    places: {
      nova: "nova_nova_conf_overrides in user_variables.yml (libvirt: file_backed_memory), with nova_ram_allocation_ratio and nova_reserved_host_memory_mb",
      pages: "nova_nova_conf_overrides in user_variables.yml (DEFAULT: reserved_huge_pages)",
      pmem: "nova_nova_conf_overrides in user_variables.yml (libvirt: pmem_namespaces)",
      qemu: "qemu_conf_dict in user_variables.yml",
    },
  },
  { name: "Ansible", header: /ansible[ -]managed|managed by ansible/i, places: {} },
  { name: "Chef", header: /(maintained|installed|managed|generated|dynamically generated) by chef/i, places: {} },
  { name: "Salt", header: /(maintained|installed|managed|generated) by salt/i, places: {} },
];

/** Edits of files that another tool writes: it would take them away again, at a time of its own. */
export function foreignProblems(plan: Plan, args: CommonArgs, facts: HostFacts): Problem[] {
  if (args.allowHazards.includes("files-of-other-tools")) return [];
  return plan.steps.flatMap((step) => {
    const writer = step.kind === "edit-file" ? writerOf(step, facts) : undefined;
    if (step.kind !== "edit-file" || writer === undefined) return [];
    const topic = topicOf(step);
    const place = `Set it in ${writer.tool.places[topic] ?? "what it writes this file from"}`;
    const advice = writer.tool.without?.[topic] ?? place;
    const what = `${step.path} is written by ${writer.tool.name} (${writer.sign}), which would take our lines away again`;
    const message = `${what}. ${advice}; or accept that with allowHazards: ["files-of-other-tools"]`;
    return [{ path: "", message }];
  });
}

const optionsOf = {
  nova: "file_backed_memory and what it needs",
  pages: "reserved_huge_pages",
  pmem: "pmem_namespaces",
} as const;

/** What to say where no service runs nova-compute, to whom something is to be set. */
export function noNovaCompute(facts: HostFacts, topic: keyof typeof optionsOf | "migration" = "nova"): string {
  const missing = "no nova-compute service was found on the host";
  const tool = tools.find((each) => each.runsContainers && each.isHere?.(facts));
  if (tool === undefined) return `${missing}; install it there first, or leave this host out`;
  const inContainer = `${missing}: ${tool.name} runs it in a container`;
  if (topic === "migration") return `${inContainer}, which is not looked into here; leave this host out`;
  return `${inContainer}, which is not managed here. Set ${optionsOf[topic]} in ${tool.places[topic]}`;
}

function writerOf(step: EditFileStep, facts: HostFacts): { tool: Tool; sign: string } | undefined {
  const file = [...facts.files.values()].find((each) => each.realPath === step.path);
  const header = headerOf(file?.text ?? "");
  for (const tool of tools) {
    const line =
      tool.header && (!tool.isHere || tool.isHere(facts)) ? header.find((each) => tool.header!.test(each)) : undefined;
    if (line !== undefined) return { tool, sign: `"${line}"` };
    if (tool.below?.test(step.path)) return { tool, sign: "by its path" };
    if (tool.owns?.includes(step.path) && tool.isHere?.(facts)) return { tool, sign: "as on all hosts of its" };
    const resource = tool.name === "Puppet" ? puppetResource(step, facts) : undefined;
    if (resource !== undefined) return { tool, sign: `its last run managed ${resource}` };
  }
  return undefined;
}

/** The comments that a file begins with, without their signs; a block that is marked as such says nothing of the rest. */
function headerOf(text: string): string[] {
  const lines = text.slice(0, 4096).split(/\r\n|\r|\n/);
  const end = lines.findIndex((line) => !/^\s*([#;]|$)/.test(line));
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.replace(/^[\s#;]+|[\s#]+$/g, "").slice(0, 120))
    .filter((line) => !/managed block/i.test(line));
}

/** puppetlabs' settings have a resource each, named `section/option`; whoever declares `resources[…]` purges the rest. */
function puppetResource(step: EditFileStep, facts: HostFacts): string | undefined {
  const type = {
    nova: "nova_config",
    pages: "nova_config",
    pmem: "nova_config",
    migration: "nova_config",
    qemu: "qemu_config",
    fstab: "mount",
  }[topicOf(step)];
  const candidates = [
    ...step.options.map((option) => `${type}[${option}]`),
    `resources[${type}]`,
    `file[${step.path}]`,
  ];
  return candidates.find((each) => facts.deployers.puppet.has(each.toLowerCase()));
}

function topicOf({ path, options }: EditFileStep): Topic {
  if (path === "/etc/fstab") return "fstab";
  if (path.endsWith("/qemu.conf")) return "qemu";
  const only = (name: string) => options.every((option) => option === name);
  if (only("DEFAULT/reserved_huge_pages")) return "pages";
  if (only("libvirt/live_migration_permit_post_copy")) return "migration";
  return only("libvirt/pmem_namespaces") ? "pmem" : "nova";
}
