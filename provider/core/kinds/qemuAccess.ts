import { isForRootAlone } from "../facts/directories";
import type { HostFacts } from "../facts/hostFacts";
import { readQemuOption } from "../files/qemuConf";

/** Why no guest could start with its memory there, as a problem says it. */
export function readOnlyMount(mountPoint: string): string {
  const advice = `Look at the kernel's log, check the file system, and run mount -o remount,rw ${mountPoint}`;
  return `${mountPoint} is mounted read-only, as ext4 does by itself when its disk fails: no guest could start. ${advice}`;
}

/** Why QEMU could not reach a directory, as words behind a property's name; undefined if it can. */
export function closedWay(facts: HostFacts, path: string): string | undefined {
  const closed = facts.directories.get(path)?.closed;
  if (!closed || isQemuRoot(facts)) return undefined;
  return `is behind ${closed.path}, which QEMU cannot pass, as it is not root (${inWords(closed.access)}): every guest would fail with "Permission denied". Declare another directory, or run chmod o+x ${closed.path}`;
}

/** The same of the directory itself, whose mode and owner a new store takes over. */
export function closedMountPoint(facts: HostFacts, path: string): string | undefined {
  const access = facts.directories.get(path)?.access;
  if (access === undefined || !isForRootAlone(access) || isQemuRoot(facts)) return undefined;
  return `has ${inWords(access)}, which the store would take over: QEMU, which is not root, could not reach files in it. Run chmod 755 ${path}`;
}

function inWords(access: string): string {
  const [mode, owner] = access.split(" ");
  return `mode ${mode}, owner ${owner}`;
}

/** What `user` of qemu.conf can name: a user, or after a plus sign a number. */
function isQemuRoot(facts: HostFacts): boolean {
  const user = readQemuOption(facts.files.get(facts.qemuConf)?.text ?? "", "user");
  return user !== undefined && /^(root|\+?0)$/.test(user);
}
