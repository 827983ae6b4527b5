import * as fs from "node:fs";
import * as path from "node:path";
import { openStateFolder } from "./places";
import { LabError, sleep } from "./process";
import { removeHostsWhenWeEnd } from "./reaper";
import { identify, isAlive, type ProcessIdentity } from "./register";

const nodes = "/sys/devices/system/node";
const node0 = `${nodes}/node0`;

/** The pool of 2 MiB pages of node 0: the machine's own, whichever of its containers looks at it. */
export const smallPool = `${node0}/hugepages/hugepages-2048kB`;

/** Who uses the machine's pool, and what was in it before. */
interface Loan {
  owner: ProcessIdentity;
  former: number;
}

export function pagesInPool(): number {
  return Number(fs.readFileSync(`${smallPool}/nr_hugepages`, "utf8"));
}

/** Gives every page back to the machine, whatever a test left. Pages in use stay until their user ends. */
export function emptyPool(): void {
  setPool(0);
}

function setPool(pages: number): void {
  fs.writeFileSync(`${smallPool}/nr_hugepages`, String(pages));
}

/**
 * Takes the machine's pool for this process alone, until `returnPages` or the end of the process, in whatever way that comes:
 * what was in the pool is written down first, and goes back with the next sweep of the lab.
 *
 * @param seconds to wait for another process that has it.
 */
export async function borrowPages(seconds = 900): Promise<void> {
  removeHostsWhenWeEnd();
  const owner = identify(process.pid)!;
  for (const end = Date.now() + seconds * 1000; ; await sleep(1000)) {
    returnPagesOfTheDead();
    try {
      fs.writeFileSync(loanFile(), JSON.stringify({ owner, former: pagesInPool() } satisfies Loan), { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (Date.now() > end)
      throw new LabError(`process ${readLoan()?.owner.pid} has the huge pages of this machine still`);
  }
}

/** All 2 MiB pages in pools of the machine, as they are without what another process borrowed; undefined where none did. */
export function pagesBesidesLoan(): number | undefined {
  const loan = readLoan();
  if (loan === undefined || loan.owner.pid === process.pid) return undefined;
  const others = fs.readdirSync(nodes).filter((name) => /^node[1-9]/.test(name));
  const pools = others.map((node) => path.join(nodes, node, path.relative(node0, smallPool), "nr_hugepages"));
  return pools.reduce((sum, file) => sum + Number(fs.readFileSync(file, "utf8")), loan.former);
}

/** Gives the machine's pool back as it was before `borrowPages`. */
export function returnPages(): void {
  const loan = readLoan();
  if (loan?.owner.pid !== process.pid) return;
  setPool(loan.former);
  fs.rmSync(loanFile());
}

/** Gives back what a process borrowed that has ended since. */
export function returnPagesOfTheDead(): void {
  const loan = readLoan();
  if (loan === undefined || isAlive(loan.owner)) return;
  setPool(loan.former);
  fs.rmSync(loanFile(), { force: true });
}

function loanFile(): string {
  return path.join(openStateFolder(), "huge-pages.json");
}

function readLoan(): Loan | undefined {
  try {
    return JSON.parse(fs.readFileSync(loanFile(), "utf8")) as Loan;
  } catch {
    return undefined;
  }
}
