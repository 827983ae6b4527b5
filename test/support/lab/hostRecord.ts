import * as fs from "node:fs";
import * as path from "node:path";
import type { LabHost } from "./labHost";
import { pagesBesidesLoan } from "./pages";
import { sourceFolder } from "./places";
import { LabError } from "./process";

/**
 * A host as seen from outside of the product: files, units, mounts, running daemons, disks, placement.
 * Made by a script that shares no code, and no idea of what matters, with what is tested.
 */
export interface HostRecord {
  /** Subject, such as `file /etc/fstab` or `mount /`, to its state in words. */
  entries: Record<string, string>;
  /** The text of recorded files, for telling what changed in them. */
  texts: Record<string, string>;
}

const poolSubject = "kernel /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

/** What to record beside the usual. */
export interface RecordOptions {
  /** Folders whose names, types, modes and owners belong into the record, such as a backing directory. */
  folders?: string[];
}

/** Records a running host. Changes nothing on it. */
export async function recordHost(host: LabHost, options: RecordOptions = {}): Promise<HostRecord> {
  const script = fs.readFileSync(path.join(sourceFolder(), "record_host.py"), "utf8");
  const folders = (options.folders ?? []).map((folder) => `'${folder}'`).join(" ");
  const lent = pagesBesidesLoan();
  const record = JSON.parse(await host.succeed(`python3 - ${folders}`, { input: script, seconds: 300 })) as HostRecord;
  // What another process does with the huge pages of this machine is no change of any host.
  const pages = lent ?? pagesBesidesLoan();
  if (host.kind !== "vm" && pages !== undefined) record.entries[poolSubject] = String(pages);
  if (host.kind !== "light" && host.services !== "none") {
    for (const [name, inventory] of Object.entries(await host.cloud.placementInventory())) {
      const { total, reserved, allocation_ratio: ratio } = inventory;
      record.entries[`placement ${name}`] = `total ${total}, reserved ${reserved}, ratio ${ratio}`;
    }
    record.entries["placement traits"] = (await host.cloud.placementTraits()).sort().join(" ");
  }
  return record;
}

/**
 * What is different between two records, one line each (changed text files show their lines below).
 * @param allowed Differences whose line matches one of these are left out.
 */
export function compareRecords(before: HostRecord, after: HostRecord, allowed: RegExp[] = []): string[] {
  const differences: string[] = [];
  for (const subject of [...new Set([...Object.keys(before.entries), ...Object.keys(after.entries)])].sort()) {
    const [was, is] = [before.entries[subject], after.entries[subject]];
    const line = describeDifference(subject, was, is);
    if (line !== undefined && !allowed.some((pattern) => pattern.test(line))) {
      differences.push(line + textDifference(before.texts[subject], after.texts[subject]));
    }
  }
  return differences;
}

function describeDifference(subject: string, was: string | undefined, is: string | undefined): string | undefined {
  if (was === is) {
    return undefined;
  }
  if (was === undefined) {
    return `${subject}: new, ${is}`;
  }
  return is === undefined ? `${subject}: gone, was ${was}` : `${subject}: was ${was}, is ${is}`;
}

const shownLines = 20;

function textDifference(was: string | undefined, is: string | undefined): string {
  if (was === undefined || is === undefined || was === is) {
    return "";
  }
  const [old, now] = [was.split("\n"), is.split("\n")];
  const [inOld, inNow] = [new Set(old), new Set(now)];
  const lines = [
    ...old.filter((line) => !inNow.has(line)).map((line) => `\n    - ${line}`),
    ...now.filter((line) => !inOld.has(line)).map((line) => `\n    + ${line}`),
  ];
  const more = lines.length > shownLines ? `\n    … (${lines.length - shownLines} lines more)` : "";
  return lines.length === 0
    ? "\n    (the same lines, in another order or number)"
    : lines.slice(0, shownLines).join("") + more;
}

/** Fails with every difference if there is one. */
export function assertSameRecord(before: HostRecord, after: HostRecord, allowed: RegExp[] = []): void {
  const differences = compareRecords(before, after, allowed);
  if (differences.length > 0) {
    throw new LabError(`the host is not as it was:\n${differences.map((line) => `  ${line}`).join("\n")}`);
  }
}
