import type { HostFacts } from "../facts/hostFacts";
import type { HostFile } from "../facts/hostFile";
import type { PendingRecord } from "../facts/journal";
import { bytesOf, textOf } from "../files/bytes";
import { bootLoaderPath, pageUnit, pageUnitPath } from "../host/pageLibrary";
import { folderOf } from "../host/paths";
import { call, reloadUnits, silently } from "./calls";
import type { ActivateStep, CallStep, Step, WriteFileStep } from "./step";

/** What a change does beside editing options, and how to go back. */
export interface Beside {
  steps: Step[];
  /** nova-compute learns of it by a restart only. What counts from the next boot on needs none. */
  restarts: boolean;
  /** In words, for whoever does the restart. */
  reasons: string[];
  pools: NonNullable<PendingRecord["pools"]>;
  files: NonNullable<PendingRecord["files"]>;
}

export const nothingBeside: Beside = { steps: [], restarts: false, reasons: [], pools: [], files: [] };

/** Both, one after the other. */
export function bothBeside(one: Beside, other: Beside): Beside {
  return {
    steps: [...one.steps, ...other.steps],
    restarts: one.restarts || other.restarts,
    reasons: [...one.reasons, ...other.reasons],
    pools: [...one.pools, ...other.pools],
    files: [...one.files, ...other.files],
  };
}

/**
 * A whole file of ours, written or (undefined) removed. A unit is switched on with it, and off before it goes; a boot
 * loader is told.
 */
export function wholeFile(path: string, before: string | undefined, content: string | undefined, line: string): Step[] {
  const write: WriteFileStep = { kind: "write-file", path, before, content, line };
  if (path === bootLoaderPath) return [write, silently("run update-grub", "update_boot_loader", [])];
  if (path !== pageUnitPath) return [write];
  return content === undefined
    ? [silently(`disable ${pageUnit}`, "disable_unit", [pageUnit]), write, reloadUnits]
    : [write, silently(`enable ${pageUnit}`, "enable_unit", [pageUnit])];
}

/** What every whole file of ours begins with, in each release. */
const sign = "# Written by pulumi-hostmem";

/** A whole file of ours as the host has it. What somebody else has under its name is none, and is never touched. */
export function ourFile({ files }: HostFacts, path: string): HostFile | undefined {
  const present = files.get(bytesOf(path));
  return present?.text.startsWith(sign) ? present : undefined;
}

/** True if somebody else has something in the place of a whole file of ours. */
export function isTaken(facts: HostFacts, path: string): boolean {
  return facts.files.has(bytesOf(path)) && ourFile(facts, path) === undefined;
}

/** A whole file of ours as it is now, for the way back. */
export function fileNow({ files }: HostFacts, path: string): Beside["files"][number] {
  const present = files.get(bytesOf(path));
  const isFirst = present === undefined && !files.has(bytesOf(folderOf(path)));
  return { path, content: present ? textOf(present.text) : null, ...(isFirst ? { madeFolder: true } : {}) };
}

/** Removes a folder that was made for a file of ours, unless something else is in it by now. */
export function removeFolder(folder: string): CallStep {
  return silently(`remove ${folder}`, "remove_folder", [folder]);
}

export function poolWord(pool: { node: number; sizeKib: number; count: number }): string {
  return `${pool.node}:${pool.sizeKib}:${pool.count}`;
}

/** Two rounds as one: the services know what was there before the first. */
export function composeBeside(
  existing: PendingRecord | undefined,
  next: Beside,
): Pick<PendingRecord, "pools" | "files"> {
  const pools = [...(existing?.pools ?? [])];
  for (const pool of next.pools) {
    if (!pools.some((each) => each.node === pool.node && each.sizeKib === pool.sizeKib)) pools.push(pool);
  }
  const files = [...(existing?.files ?? [])];
  for (const file of next.files) if (!files.some((each) => each.path === file.path)) files.push(file);
  return { ...(pools.length > 0 ? { pools } : {}), ...(files.length > 0 ? { files } : {}) };
}

/** The way back along a note, as steps of a rollback. */
export function besideReturn(facts: HostFacts, pending: PendingRecord): ActivateStep["rollback"] {
  const files = (pending.files ?? []).flatMap(({ path, content, madeFolder }) => [
    ...wholeFile(path, facts.files.get(bytesOf(path))?.sha256, content ?? undefined, `put back ${path}`),
    ...(madeFolder === true ? [removeFolder(folderOf(path))] : []),
  ]);
  const pools = (pending.pools ?? []).map(poolWord);
  const steps = [...files, ...(pools.length > 0 ? [call("set_pools", pools, "huge page pools")] : [])];
  return steps.filter((step) => step.kind !== "activate");
}
