/** Where the drop-in of a libvirt daemon is; what guards it against starting without its store. */
export function guardPath(unit: string): string {
  return `${dropInFolder(unit)}/hostmem-store.conf`;
}

/** The mount point that a guard asks for, undefined for a file that is none. Specifiers are escaped in it. */
export function guardedMountPoint(guard: string): string | undefined {
  return /^AssertPathIsMountPoint=(.+)$/m.exec(guard)?.[1]?.replaceAll("%%", "%");
}

/** Where drop-ins of a unit are, other people's too. */
export function dropInFolder(unit: string): string {
  return `/etc/systemd/system/${unit}.d`;
}

/** systemd-escape(1) --path --suffix=mount. */
export function mountUnit(path: string): string {
  const names = path.split("/").filter((name) => name !== "");
  const escaped = Buffer.from(names.join("/"), "utf8")
    .toString("latin1")
    .replace(/[^A-Za-z0-9:_./]|^\./g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll("/", "-");
  return `${escaped}.mount`;
}

/**
 * The sockets that a libvirt daemon listens at. Those for TLS and TCP, by which other hosts send guests, are bound to the
 * first one (BindsTo=): they end with it, and neither it nor the daemon brings them back.
 */
const socketEndings = [".socket", "-ro.socket", "-admin.socket", "-tls.socket", "-tcp.socket"];

/** Shell function: prints the sockets of a daemon, whether the host has them or not. */
export const libvirtSocketsFunction = `
libvirt_sockets() { # UNIT
  echo "${socketEndings.map((ending) => `\${1%.service}${ending}`).join(" ")}"
}
`;
