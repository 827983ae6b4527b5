import type { Sections } from "./sections";

/** Signs of tools that deploy OpenStack, and write its files anew whatever somebody else has put into them. */
export interface DeployerFacts {
  /** Directories of such tools that the host has. */
  places: ReadonlySet<string>;
  /** What Puppet's last run managed, as `type[title]` in lower case, as far as it can be in a file that we edit. */
  puppet: ReadonlySet<string>;
}

/** Where a tool keeps the files of nova-compute; that they are there says that it is that tool's host. */
export const deployerPlaces = {
  kolla: ["/etc/kolla/nova-compute"],
  edpm: ["/var/lib/openstack/nova", "/var/lib/openstack/config/nova"],
  tripleo: ["/var/lib/config-data/puppet-generated/nova_libvirt"],
  openstackAnsible: ["/openstack/venvs", "/etc/openstack_deploy", "/etc/openstack-release"],
} as const;

/** Where Puppet keeps its state: Puppet's own packages, Debian's, and older ones. */
const puppetStates = ["/opt/puppetlabs/puppet/cache", "/var/cache/puppet", "/var/lib/puppet"].map(
  (directory) => `${directory}/state`,
);

/** `resources.txt` is what the agent's last run managed; where Puppet runs without a server, only `state.yaml` says so. */
export const collectDeployers = `
section deployers
for place in ${Object.values(deployerPlaces).flat().join(" ")}; do [ -e "$place" ] && echo "$place"; done
section puppet
for state in ${puppetStates.join(" ")}; do
  if [ -f "$state/resources.txt" ]; then cat -- "$state/resources.txt"
  elif [ -f "$state/state.yaml" ]; then sed -n 's/^["'\\'']\\{0,1\\}\\([A-Z][a-z_]*\\[.*\\]\\)["'\\'']\\{0,1\\}:$/\\1/p' "$state/state.yaml"
  fi
done | grep -i -E '^(nova_config|qemu_config|mount|resources|file)\\[' | grep -v -i '^file\\[/\\(opt\\|usr\\|var\\)/' | head -n 5000
`;

export function parseDeployers(sections: Sections): DeployerFacts {
  // The agent's list is in lower case as a whole.
  const resources = sections.lines("puppet").map((line) => line.toLowerCase());
  return { places: new Set(sections.lines("deployers")), puppet: new Set(resources) };
}
