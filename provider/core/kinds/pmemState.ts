import { createHash } from "node:crypto";
import type { HostFacts } from "../facts/hostFacts";
import type { PmemRecord } from "../facts/journal";
import type { PmemNamespace, PmemRegion } from "../facts/pmem";
import type { Problem } from "../inputs/problem";
import { formatSize, parseSize } from "../size";
import type { PersistentMemoryArgs } from "./persistentMemory";
import type { NamespaceArgs } from "./pmemInputs";
import { defaultAlignment, RegionRoom, roundedBytes, usableBytes } from "./pmemSize";
import { namespaceUsers } from "./pmemUsers";

/** A declared namespace, and what must be done for it. */
export interface DesiredNamespace {
  declared: NamespaceArgs;
  /** Its property, as in `namespaces[0]`. */
  path: string;
  alignBytes: number;
  /** What the host has by this name. */
  present: PmemNamespace | undefined;
  /** `finish` what a run of ours began; `replace` is to destroy what is there first, by consent. */
  action: "keep" | "enable" | "create" | "finish" | "replace";
  /** Where it is, or will be; undefined where it cannot be. */
  region: PmemRegion | undefined;
  /** Where in the host's memory; undefined where the kernel hides that, or it cannot be. */
  start: number | undefined;
  /** Of its region, rounded. */
  rawBytes: number;
  usableBytes: number;
  /** What is in the way. */
  problems: Problem[];
}

/**
 * The UUID in the labels of a namespace that this owner makes by this name, the same every time, so that one that a cut run
 * left is recognised. A version 5 UUID (RFC 9562) in a name space of our own.
 */
export function namespaceUuid(owner: string, name: string): string {
  const hash = createHash("sha1").update("pulumi-hostmem namespace\0").update(`${owner}\0${name}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** A namespace in the words of a consent. */
export function consentFor({ name, uuid }: { name?: string | undefined; uuid?: string | undefined }): string {
  return `${name ?? ""} UUID=${uuid ?? "unknown"}`;
}

export function desiredNamespaces(args: PersistentMemoryArgs, facts: HostFacts): DesiredNamespace[] {
  const record = facts.journal.objects.get("PersistentMemory")?.pmem;
  const found = args.namespaces.map((declared, index) => matched(args, declared, index, facts, record));
  const gone = new Set(found.flatMap(({ action, present }) => (isMade(action) && present ? [present] : [])));
  const staying = facts.pmem.namespaces.filter((each) => !gone.has(each));
  const rooms = facts.pmem.regions.map((region) => new RegionRoom(region, staying));
  for (const each of found) if (isMade(each.action)) place(each, rooms);
  return found;
}

/** ndctl is to make it, whatever is there now. */
export function isMade(action: DesiredNamespace["action"]): boolean {
  return action === "create" || action === "finish" || action === "replace";
}

/** What there is by the name, and whether that is it. */
function matched(
  args: PersistentMemoryArgs,
  declared: NamespaceArgs,
  index: number,
  facts: HostFacts,
  record: PmemRecord | undefined,
): DesiredNamespace {
  const path = `namespaces[${index}]`;
  const alignBytes = declared.alignment === undefined ? defaultAlignment : parseSize(declared.alignment).bytes;
  const named = facts.pmem.namespaces.filter(({ name }) => name === declared.name);
  const [present] = named;
  const region = facts.pmem.regions.find(({ dev }) => dev === present?.region);
  const wantedBytes = region ? roundedBytes(region, alignBytes, parseSize(declared.size).bytes) : 0;
  const desired: DesiredNamespace = {
    declared,
    path,
    alignBytes,
    present,
    action: present ? "keep" : "create",
    region,
    start: present?.start,
    rawBytes: present?.rawBytes ?? 0,
    usableBytes: present?.usableBytes ?? 0,
    problems: [],
  };
  if (!present) return desired;
  const refuse = (message: string) => ({ ...desired, problems: [{ path: `${path}.name`, message }] });
  if (named.length > 1) {
    const all = named.map(({ dev, uuid }) => `${dev} UUID=${uuid}`).join(", ");
    return refuse(
      `several namespaces are called ${declared.name}, and Nova would take any: ${all}. Destroy or rename all but one`,
    );
  }
  if (isBegun(args, present, record)) return { ...desired, action: "finish" };
  if (!present.isEnabled) {
    const isKnown = isOurs(args, present) || record?.namespaces.some(({ rawUuid }) => rawUuid === present.rawUuid);
    if (isKnown) return { ...desired, action: "enable", usableBytes: predicted(desired, present.start) };
    return refuse(
      `${declared.name} is there as ${present.dev}, and disabled, so that nobody can say what it is. Run ndctl enable-namespace ${present.dev}, or declare another name`,
    );
  }
  const differences = differencesOf(desired, present, wantedBytes);
  if (differences.length === 0) return desired;
  const users = namespaceUsers(facts, present);
  const consent = consentFor(present);
  const what = `${declared.name} is on the host already, and ${differences.join(", ")}`;
  if (users.length > 0)
    return refuse(`${what}. It is in use and left alone: ${users.join(", ")}. Free it first, or declare another name`);
  if (args.consentToDestroy.includes(consent)) return { ...desired, action: "replace" };
  return refuse(`${what}. To lose what is in it and make it anew, say consentToDestroy: ["${consent}"]`);
}

function isOurs(args: PersistentMemoryArgs, present: PmemNamespace): boolean {
  return present.name !== undefined && present.rawUuid === namespaceUuid(args.owner, present.name);
}

/** A run of ours was cut while ndctl made it: it has our labels, and is not devdax yet. */
function isBegun(args: PersistentMemoryArgs, present: PmemNamespace, record: PmemRecord | undefined): boolean {
  return present.mode === "raw" && isOurs(args, present) && record?.unfinished?.includes(present.name!) === true;
}

function differencesOf(
  { declared, alignBytes, region }: DesiredNamespace,
  present: PmemNamespace,
  wantedBytes: number,
): string[] {
  const compared: [boolean, string][] = [
    [present.mode === "devdax", `is ${present.mode}, not devdax`],
    [!present.isSystemRam, "is in use as ordinary memory (system-ram)"],
    [
      present.mode !== "devdax" || present.rawBytes === wantedBytes,
      `takes ${formatSize({ bytes: present.rawBytes })}, not ${formatSize({ bytes: wantedBytes })}`,
    ],
    [
      present.mode !== "devdax" || present.alignBytes === alignBytes,
      `is aligned to ${formatSize({ bytes: present.alignBytes ?? 0 })}, not ${formatSize({ bytes: alignBytes })}`,
    ],
    [
      declared.region === undefined || present.region === declared.region,
      `is in ${present.region}, not in ${declared.region}`,
    ],
    [
      declared.numaNode === undefined || region?.numaNode === declared.numaNode,
      `is on NUMA node ${region?.numaNode ?? "unknown"}, not on ${declared.numaNode}`,
    ],
    [declared.map === undefined || present.map === declared.map, `has map ${present.map}, not ${declared.map}`],
  ];
  return compared.filter(([isSame]) => !isSame).map(([, words]) => words);
}

function predicted({ declared, alignBytes, rawBytes }: DesiredNamespace, start: number | undefined): number {
  return usableBytes(start ?? 0, rawBytes, alignBytes, declared.map ?? "dev");
}

/** Finds room, in the first of the regions that may have it. */
function place(desired: DesiredNamespace, rooms: readonly RegionRoom[]): void {
  const { declared, path, alignBytes } = desired;
  const bytes = parseSize(declared.size).bytes;
  const problem = (property: string, message: string) => {
    desired.problems.push({ path: `${path}.${property}`, message });
  };
  const { candidates, refusal } = candidatesFor(declared, alignBytes, rooms);
  if (refusal) {
    problem(refusal.property, refusal.message);
    return;
  }
  for (const room of candidates) {
    const rawBytes = roundedBytes(room.region, alignBytes, bytes);
    const start = room.take(rawBytes);
    if (start === undefined) continue;
    Object.assign(desired, { region: room.region, start: room.isKnown ? start : undefined, rawBytes });
    desired.usableBytes = predicted(desired, start);
    if (desired.usableBytes === 0) {
      problem(
        "size",
        "leaves nothing to use: the alignment and the kernel's page structures take all of it; declare more, or a smaller alignment",
      );
    }
    return;
  }
  const most = candidates.map(
    ({ region, largestBytes, freeBytes }) =>
      `${region.dev} has ${formatSize({ bytes: largestBytes })} in one piece, ${formatSize({ bytes: freeBytes })} in all`,
  );
  const needed = formatSize({ bytes: roundedBytes(candidates[0]!.region, alignBytes, bytes) });
  problem(
    "size",
    `needs ${needed} in one piece, with what alignment and interleaving add, and ${most.join("; ")}; declare less`,
  );
}

function candidatesFor(
  declared: NamespaceArgs,
  alignBytes: number,
  all: readonly RegionRoom[],
): { candidates: RegionRoom[]; refusal?: { property: string; message: string } } {
  const refuse = (property: string, message: string) => ({ candidates: [], refusal: { property, message } });
  if (all.length === 0)
    return refuse(
      "name",
      "cannot be made: the host has no region of persistent memory; leave this host out, or see ndctl list --regions there",
    );
  const where = ({ region }: RegionRoom) =>
    `${region.dev}${region.numaNode === undefined ? "" : ` on NUMA node ${region.numaNode}`}`;
  const there = all.map(where).join(", ");
  let rooms = all.filter(({ region }) => declared.region === undefined || region.dev === declared.region);
  if (rooms.length === 0) return refuse("region", `is not on the host, which has ${there}; declare one of these`);
  rooms = rooms.filter(({ region }) => declared.numaNode === undefined || region.numaNode === declared.numaNode);
  if (rooms.length === 0) return refuse("numaNode", `has no such region; the host has ${there}: declare one of these`);
  const checks: [(room: RegionRoom) => boolean, string, string][] = [
    [
      ({ region }) => region.isLabelled,
      "name",
      "has no labels, so that its one namespace can have no name, by which Nova finds it; see ndctl-init-labels(1)",
    ],
    [({ region }) => !region.isReadOnly, "name", "may not be written to; declare another region"],
    [
      ({ region }) => region.alignments.length === 0 || region.alignments.includes(alignBytes),
      "alignment",
      `cannot give ${formatSize({ bytes: alignBytes })}; it has ${alignmentsOf(rooms)}; declare one of these`,
    ],
  ];
  for (const [isRight, property, message] of checks) {
    const left = rooms.filter(isRight);
    if (left.length === 0) return refuse(property, `cannot be made in ${rooms.map(where).join(" or ")}: it ${message}`);
    rooms = left;
  }
  return { candidates: rooms };
}

function alignmentsOf(rooms: readonly RegionRoom[]): string {
  const all = [...new Set(rooms.flatMap(({ region }) => region.alignments))].sort((a, b) => a - b);
  return all.map((bytes) => formatSize({ bytes })).join(", ");
}
