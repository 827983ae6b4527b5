import semver from "semver";
import type { Sections } from "./sections";

/** Versions of what is really installed; undefined where it is not found. */
export interface VersionFacts {
  libvirt: string | undefined;
  qemu: string | undefined;
  nova: string | undefined;
  kernel: string | undefined;
  systemd: string | undefined;
}

/**
 * Nova's version comes from the metadata of the Python package that the service runs, since `nova-compute --version`
 * takes seconds. The interpreter of a running service tells where: a virtualenv has its own.
 */
export const collectVersions = `
section versions
{ virtqemud --version || libvirtd --version; } 2>/dev/null | sed 's/^/libvirt /'
for qemu in "qemu-system-$(uname -m)" /usr/libexec/qemu-kvm /usr/bin/kvm; do
  command -v "$qemu" >/dev/null 2>&1 || continue
  bounded "$qemu" --version 2>/dev/null | sed -n '1s/^/qemu /p'; break
done
for metadata in \${nova_prefix:-/usr}/lib/python3*/*-packages/nova-[0-9]*-info /usr/lib/python3*/*-packages/nova-[0-9]*-info; do
  [ -e "$metadata" ] && { echo "nova \${metadata##*/nova-}"; break; }
done
echo "kernel $(uname -r)"
systemctl --version | sed -n '1p'
`;

export function parseVersions(sections: Sections): VersionFacts {
  const text = sections.get("versions");
  const version = (name: string) => {
    const line = new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1];
    return line === undefined ? undefined : semver.coerce(line)?.version;
  };
  return {
    libvirt: version("libvirt"),
    qemu: version("qemu"),
    nova: version("nova"),
    kernel: version("kernel"),
    systemd: version("systemd"),
  };
}
