import { readdirSync, readFileSync, readlinkSync } from "node:fs";

interface RunningProcess {
  pid: number;
  words: string[];
}

/** Processes of this machine that match; those that end meanwhile are left out. */
function findProcesses(matches: (process: RunningProcess) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        return matches({ pid: Number(name), words }) ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
}

/** OpenSSH clients and masters of this machine that talk to an address. */
export function sshClientsOf(address: string): number[] {
  return findProcesses(
    ({ words }) => /(^|\/)ssh(:|$)/.test(words[0] ?? "") && words.some((word) => word.includes(address)),
  );
}

/** The `pulumi` that was started in a folder: the leader of the process group of all that it started. */
export function pulumiIn(directory: string): number | undefined {
  return findProcesses(({ pid, words }) => {
    return /(^|\/)pulumi$/.test(words[0] ?? "") && readlinkSync(`/proc/${pid}/cwd`) === directory;
  })[0];
}
