/** Where the kernel shows the pools of a node. */
const nodes = "/sys/devices/system/node";

/** What pools leave to everything else: a part of the memory, and more than so much is not needed for a host to work. */
const spare = { part: 32, mostKib: 512 * 1024 };

/** Pools grow only as long as so much is available besides, whatever the kernel would give. */
export function leastSpareKib(totalKib: number): number {
  return Math.min(Math.floor(totalKib / spare.part), spare.mostKib);
}

/**
 * Sets pools and gives back what could not be completed; the same words at run time and at boot, where neither an apply's
 * log nor its other functions are there. Pools are written NODE:SIZE-KIB:COUNT.
 *
 * A pool that shrinks loses free pages only. The kernel would turn a page in use into a surplus one, which is gone for good
 * once its user lets go of it (Documentation/admin-guide/mm/hugetlbpage.rst). A pool that grows leaves the host enough to
 * work: the kernel would give all, and a host that lost a part of its memory would not come up any more. And free
 * memory may lie scattered, so the node is compacted before the kernel is asked again.
 */
const setPool = `
memory_kib() { while read -r name kib _; do [ "$name" != "$1:" ] || echo "$kib"; done </proc/meminfo; }
most_of() {
  most=$count total=$(memory_kib MemTotal)
  [ "$count" -gt "$have" ] || return 0
  least=$((total / ${spare.part})); [ "$least" -le ${spare.mostKib} ] || least=${spare.mostKib}
  most=$((have + ($(memory_kib MemAvailable) - least) / \${rest%%:*}))
  [ "$most" -ge "$have" ] || most=$have
  [ "$most" -le "$count" ] || most=$count
}
pool_of() { pool=${nodes}/node\${1%%:*}; rest=\${1#*:}; pool=$pool/hugepages/hugepages-\${rest%%:*}kB; count=\${rest#*:}; }
set_pool() {
  pool_of "$1"; read -r have <"$pool/nr_hugepages" || { why="has no pool $pool"; return 1; }
  [ "$have" != "$count" ] || return 0
  read -r free <"$pool/free_hugepages"; held=$((have - free))
  [ "$held" -le "$count" ] || { why="holds $held pages of \${rest%%:*} KiB on node \${1%%:*} for others, and $count were to stay"; return 1; }
  most_of
  for _ in 1 2 3 4 5; do
    { echo "$most" >"$pool/nr_hugepages"; } 2>/dev/null
    read -r got <"$pool/nr_hugepages"
    [ "$got" != "$count" ] || return 0
    [ "$got" != "$most" ] || break
    { echo 1 >"\${pool%/hugepages/*}/compact"; } 2>/dev/null
    sleep 1
  done
  why="gave $got of $count pages of \${rest%%:*} KiB on node \${1%%:*}, even after compaction"
  [ "$got" != "$most" ] || why="\${why%,*}, as the host itself needs what memory it has left"
  return 1
}
`;

/** What a PageSizePolicy does on a host. */
export const pageLibrary = `${setPool}
# Only if all of it works out: a pool of half the size would promise guests what is not there.
set_pools() { # POOL...
  former=''
  for one in "$@"; do
    pool_of "$one"
    read -r have <"$pool/nr_hugepages" || have=0
    if ! set_pool "$one"; then
      failure=$why
      for back in "\${one%:*}:$have" $former; do set_pool "$back" || failure="$failure; in going back it $why"; done
      event failed "the kernel $failure"
      return 1
    fi
    former="\${one%:*}:$have $former"
  done
  event did "set huge page pools"
}

# Before the first change: pools are as the plan saw them, and nobody took a page since that it would take away.
pools_are() { # POOL:PAGES-NOW...
  for one in "$@"; do
    pool_of "\${one%:*}"
    read -r have <"$pool/nr_hugepages" && read -r free <"$pool/free_hugepages" || return 1
    [ "$have" = "\${one##*:}" ] && [ "$((have - free))" -le "$count" ] || return 1
  done
}

# A unit that is on the disk now, or is about to go from it.
enable_unit() { # UNIT
  systemctl daemon-reload </dev/null && systemctl --quiet enable "$1" </dev/null
}
disable_unit() { # UNIT
  systemctl --quiet disable --now "$1" 2>/dev/null </dev/null || :
  systemctl reset-failed "$1" 2>/dev/null </dev/null || :
}
update_boot_loader() { update-grub </dev/null; }
`;

/** What Debian's and Ubuntu's grub-mkconfig reads beside /etc/default/grub. */
export const bootLoaderPath = "/etc/default/grub.d/90-hostmem.cfg";

export const pageUnit = "hostmem-huge-pages.service";
export const pageUnitPath = `/etc/systemd/system/${pageUnit}`;
/** What `systemctl enable` makes of the unit's WantedBy=. */
export const pageUnitLink = `/etc/systemd/system/sysinit.target.wants/${pageUnit}`;

/** Its arguments are pools. Those that others made larger shrink first, as at run time: they make room. */
export const bootScript = `${setPool.trim()}
failed=0
for one; do
  pool_of "$one"
  { read -r have <"$pool/nr_hugepages"; } 2>/dev/null && [ "$have" -gt "$count" ] && set_pool "$one"
done
for one; do set_pool "$one" || { echo "the kernel $why" >&2; failed=1; }; done
exit $failed`;

/**
 * Sets pools at boot: after sysctl.d, which may set others, and before anything that could use them or that scatters
 * memory. A pool that the kernel cannot give leaves the unit failed, and the boot goes on; so it does after ten minutes, which
 * is many times what terabytes of pages take.
 */
export function pageUnitText(pools: readonly string[]): string {
  // In a unit, $ and % are systemd's own, \n in quotes is a line ending, and a backslash at the end of a line continues it.
  const quoted = bootScript.replaceAll("$", "$$$$").replaceAll("%", "%%").replaceAll("\n", "\\n\\\n");
  return `# Written by pulumi-hostmem: huge page pools as NODE:KIB:COUNT.
[Unit]
Description=Huge page pools of guests
DefaultDependencies=no
After=systemd-sysctl.service systemd-modules-load.service
Before=sysinit.target shutdown.target libvirtd.service virtqemud.service nova-compute.service openstack-nova-compute.service
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=10min
ExecStart=/bin/sh -c '${quoted}' hostmem ${pools.join(" ")}

[Install]
WantedBy=sysinit.target
`;
}
