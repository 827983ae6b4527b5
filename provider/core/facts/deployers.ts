import type { Sections } from "./sections";

/** Signs of tools that deploy OpenStack, and write its files anew whatever somebody else has put into them. */
export interface DeployerFacts {
  /** Directories of such tools that the host has. */
  places: ReadonlySet<string>;
  /** What Puppet's last run managed, as `type[title]`, as far as it can be in a file that we edit. */
  puppet: ReadonlySet<string>;
}

/** Where a tool keeps the files of nova-compute; that they are there says that it is that tool's host. */
export const deployerPlaces = {
  kolla: ["/etc/kolla/nova-compute"],
  edpm: ["/var/lib/openstack/nova", "/var/lib/openstack/config/nova"],
  tripleo: ["/var/lib/config-data/puppet-generated/nova_libvirt"],
  openstackAnsible: ["/openstack/venvs", "/etc/openstack_deploy", "/etc/openstack-release"],
} as const;

/** Puppet's `resourcefile`, in the state directories of Puppet's own packages, of Debian's, and of older ones. */
const resourceLists = ["/opt/puppetlabs/puppet/cache", "/var/cache/puppet", "/var/lib/puppet"].map(
  (directory) => `${directory}/state/resources.txt`,
);

export const collectDeployers = `
section deployers
for place in ${Object.values(deployerPlaces).flat().join(" ")}; do [ -e "$place" ] && echo "$place"; done
section puppet
for list in ${resourceLists.join(" ")}; do
  [ ! -f "$list" ] || grep -i -E '^(nova_config|qemu_config|mount|resources|file)\\[' -- "$list" | grep -v '^file\\[/\\(opt\\|usr\\|var\\)/' | head -n 5000
done
`;

export function parseDeployers(sections: Sections): DeployerFacts {
  // A type is a word of Puppet's, in whatever case; a title is not.
  const resources = sections.lines("puppet").map((line) => line.replace(/^[^[]*/, (type) => type.toLowerCase()));
  return { places: new Set(sections.lines("deployers")), puppet: new Set(resources) };
}
