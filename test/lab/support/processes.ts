import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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

/** The CLI that works in a project's folder, and the language host and plugins that it started, which outlive it. */
export function processesOf(directory: string): number[] {
  const mark = `PULUMI_HOME=${join(directory, "..", "home")}\0`;
  return findProcesses(({ pid }) => readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark));
}

/** Ends a process at once; one may end by itself when another one does. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
