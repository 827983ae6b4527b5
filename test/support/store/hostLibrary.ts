import { spawnSync } from "node:child_process";
import { type BlockDevice, collectBlockDevices, parseBlockDevices } from "../../../provider/core/facts/blockDevices";
import { collectFileSystems, type FileSystem, parseFileSystems } from "../../../provider/core/facts/fileSystems";
import { Sections, sectionPrelude } from "../../../provider/core/facts/sections";
import { storeLibrary } from "../../../provider/core/host/storeLibrary";
import { quote } from "../../../provider/core/quote";

const nonce = "0123456789abcdef0123456789abcdef";

/** A program that reads a shell script, and its arguments. */
type Shell = [program: string, ...args: string[]];

/** Runs a script as the transport does on a host, with a clean environment. */
function runScript(
  script: string,
  path: string,
  shell: Shell = ["/bin/sh", "-s"],
): { output: string; code: number | null } {
  const env = { PATH: path, LC_ALL: "C" };
  const done = spawnSync(shell[0], shell.slice(1), { input: script, encoding: "latin1", timeout: 120_000, env });
  if (done.error) throw done.error;
  return { output: done.stdout, code: done.status };
}

export const usualPath = "/usr/sbin:/usr/bin:/sbin:/bin";

/** What the facts script says of a device of this machine, and of its mounts. */
export function readDevice(device: string, path = usualPath): { device: BlockDevice; fileSystems: FileSystem[] } {
  const script = [sectionPrelude(nonce), collectFileSystems, collectBlockDevices([device]), "section end\n"].join("");
  const sections = Sections.parse("localhost", nonce, runScript(script, path).output);
  return { device: parseBlockDevices(sections).get(device)!, fileSystems: parseFileSystems(sections) };
}

/** Calls a function of the library that applies are written in; what it reports is the result. */
export function callLibrary(name: string, ...args: string[]): LibraryResult {
  return callLibraryOn(usualPath, name, ...args);
}

export interface LibraryResult {
  ok: boolean;
  failed: string;
  output: string;
}

/** The same on a host with other tools. */
export function callLibraryOn(path: string, name: string, ...args: string[]): LibraryResult {
  return callLibraryIn(["/bin/sh", "-s"], path, name, ...args);
}

/** The same in a shell that sees another host. */
export function callLibraryIn(shell: Shell, path: string, name: string, ...args: string[]): LibraryResult {
  const call = [name, ...args.map(quote)].join(" ");
  const script = `set -u\numask 077\nevent() { echo "EVENT $*"; }\n${storeLibrary}\n${call} 2>&1`;
  const { output, code } = runScript(script, path, shell);
  return { ok: code === 0, failed: /^EVENT failed (.*)$/m.exec(output)?.[1] ?? "", output };
}
