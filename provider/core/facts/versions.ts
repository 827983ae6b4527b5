import semver from "semver";
import type { Sections } from "./sections";

/** Versions of what is really installed; undefined where it is not found. */
export interface VersionFacts {
  libvirt: string | undefined;
  qemu: string | undefined;
  nova: string | undefined;
  kernel: string | undefined;
  systemd: string | undefined;
  ndctl: string | undefined;
  daxio: string | undefined;
}

/**
 * Nova's version comes from the metadata of the Python package that the service runs, since `nova-compute --version`
 * takes seconds. The interpreter of a running service tells where: a virtualenv has its own, as has a service with a root
 * of its own, which daxio must be in, too, since Nova runs it. Whatever a tool prints is one line here, with an end of its
 * own: no tool's answer may become part of the next one's.
 */
export const collectVersions = `
section versions
first_line() { head -c 500 | head -n 1; }
printf 'libvirt %s\\n' "$({ virtqemud --version || libvirtd --version; } 2>/dev/null | first_line)"
for qemu in "qemu-system-$(uname -m)" /usr/libexec/qemu-kvm /usr/bin/kvm; do
  command -v "$qemu" >/dev/null 2>&1 || continue
  printf 'qemu %s\\n' "$(bounded "$qemu" --version 2>/dev/null | first_line)"; break
done
# A process knows its root best: by that link, also what is mounted there for it alone, such as the host's /usr.
nova_inside=$nova_root
if [ -n "$nova_root" ] && [ -d "/proc/$nova_pid/root/" ]; then nova_inside=/proc/$nova_pid/root; fi
for metadata in "$nova_inside\${nova_prefix:-/usr}"/lib/python3*/*-packages/nova-[0-9]*-info "$nova_inside"/usr/lib/python3*/*-packages/nova-[0-9]*-info /usr/lib/python3*/*-packages/nova-[0-9]*-info; do
  [ -e "$metadata" ] && { echo "nova \${metadata##*/nova-}"; break; }
done
echo "kernel $(uname -r)"
printf '%s\\n' "$(systemctl --version | first_line)"
for tool in ndctl daxio; do
  set -- "$tool"
  if [ "$tool" = daxio ] && [ -n "$nova_root" ]; then set -- chroot --userspec="$(id -u "$nova_user"):$(id -g "$nova_user")" "$nova_inside" "$tool"; fi
  command -v "$1" >/dev/null 2>&1 || continue
  printf '%s\\n' "$(bounded "$@" --version 2>/dev/null | first_line | sed "s/^\\($tool \\)*/$tool /")"
done
`;

/** What stands before each version. Without the words that a tool says itself by, a number is no version of it. */
const before = {
  libvirt: "libvirt [^\n(]{0,200}\\(libvirt\\) ",
  qemu: "qemu QEMU [\\w ]{0,100}version ",
  nova: "nova ",
  kernel: "kernel ",
  systemd: "systemd ",
  ndctl: "ndctl ",
  daxio: "daxio ",
};

export function parseVersions(sections: Sections): VersionFacts {
  const text = sections.get("versions");
  const version = (name: keyof typeof before) => {
    const written = new RegExp(`^${before[name]}(\\d.*)$`, "m").exec(text)?.[1];
    return written === undefined ? undefined : semver.coerce(written)?.version;
  };
  return {
    libvirt: version("libvirt"),
    qemu: version("qemu"),
    nova: version("nova"),
    kernel: version("kernel"),
    systemd: version("systemd"),
    ndctl: version("ndctl"),
    daxio: version("daxio"),
  };
}
