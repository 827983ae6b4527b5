import { parseDictionary, parseInteger } from "../files/osloConfig";
import { numberText } from "../files/pythonText";
import { fileForNewOption, type NovaConfig } from "../novaConfig";
import type { WantedOption } from "../plan/options";

/** One line of Nova's `[DEFAULT] reserved_huge_pages`: pages that no guest with a page size may have. */
export interface Reservation {
  node: number;
  sizeKib: number;
  count: number;
}

/** A node's pages of one size that guests must not have. */
export interface Withheld {
  node: number;
  sizeKib: number;
  /** With fewer reserved, some are left for guests. */
  needed: number;
  /** With this many reserved, none are, whatever becomes of the pool. */
  all: number;
}

const place = { section: "DEFAULT", option: "reserved_huge_pages" } as const;

/** Prefixes of oslo.utils' string_to_bytes, system IEC; "2MiB" and "2MB" are the same, "2Mib" is an eighth of it. */
const prefixes = ["", ..."KMGTPEZYRQ"];

/** Reads an entry as `numa_get_reserved_huge_pages` (nova/virt/hardware.py) does; undefined where Nova would not start. */
export function parseReservation(text: string): Reservation | undefined {
  const parsed = parseDictionary(text);
  if (!parsed.ok || parsed.value === null) return undefined;
  const node = integer(parsed.value["node"]);
  const count = integer(parsed.value["count"]);
  const sizeKib = integer(parsed.value["size"]) ?? sizeWithUnit(parsed.value["size"] ?? "");
  return node === undefined || count === undefined || sizeKib === undefined ? undefined : { node, sizeKib, count };
}

function integer(text = ""): number | undefined {
  const read = parseInteger(text);
  return read.ok && read.value !== null ? read.value : undefined;
}

function sizeWithUnit(size: string): number | undefined {
  const match = /^([-+]?\d*\.?\d+)(?:([KMGTPEZYRQ])i?)?(b|bit|B)$/.exec(numberText(size));
  if (!match) return undefined;
  const [, magnitude, prefix = "", unit] = match;
  const bytes = (Number(magnitude) / (unit === "B" ? 1 : 8)) * 1024 ** prefixes.indexOf(prefix);
  return (Math.ceil(bytes) || 0) / 1024;
}

/** What is reserved today, each with where that is said. Of the same node and size the last entry counts. */
export function reservationsOf(config: NovaConfig) {
  return config.all(place.section, place.option).map((entry) => {
    const value = entry.value ?? entry.text;
    return { ...entry, reservation: parseReservation(value) };
  });
}

/** How many pages of a node and size Nova keeps from guests. */
export function reservedIn(config: NovaConfig, node: number, sizeKib: number): number {
  return winner(config, node, sizeKib)?.reservation?.count ?? 0;
}

function winner(config: NovaConfig, node: number, sizeKib: number) {
  return reservationsOf(config).findLast(
    ({ reservation }) => reservation?.node === node && reservation.sizeKib === sizeKib,
  );
}

/** The entries that withhold pages. Where others' entries do so already, there is nothing to add. */
export function wantedReservations(withheld: readonly Withheld[], config: NovaConfig): WantedOption[] {
  const last = config.all(place.section, place.option).findLast((entry) => entry.path !== undefined);
  const path = last?.path ?? fileForNewOption(config) ?? "/etc/nova/nova.conf";
  return withheld.map(({ node, sizeKib, needed, all }) => {
    const counting = winner(config, node, sizeKib);
    if (counting?.path !== undefined && (counting.reservation?.count ?? 0) >= needed) {
      return {
        ...place,
        path: counting.path,
        entry: counting.text,
        value: counting.text,
        now: counting.text,
        isRight: true,
      };
    }
    const value = `node:${node},size:${sizeKib},count:${all}`;
    return { ...place, path, entry: value, value, now: counting?.text, isRight: false };
  });
}
