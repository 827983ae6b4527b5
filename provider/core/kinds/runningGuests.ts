import type { GuestNvdimm } from "../facts/guestDevices";
import type { Guest } from "../facts/guests";
import type { HostFacts } from "../facts/hostFacts";
import type { Problem } from "../inputs/problem";
import type { RunningGuest, RunningHost } from "../migration/preflight";
import type { GuestKind, MigrationProfile, PageRequest, PmemOffer } from "../migration/traits";
import { readNovaConfig } from "../novaConfig";
import { notJudged, profileOf } from "./liveMigrationTraits";
import { type OfferedNamespace, offeredBy } from "./pmemOption";

/** A host as it is now with the guests that run on it, or why it cannot be told where they can go. */
export function runningHost(facts: HostFacts): RunningHost | { problems: Problem[] } {
  const config = readNovaConfig(facts);
  const profile = profileOf(facts, config);
  const problems = notJudged(facts, config);
  if (!profile || problems.length > 0) return { problems };
  const labelOf = labelsByPath(facts, offeredBy(config));
  const guests = facts.guests.filter(({ running }) => running).map((guest) => runningGuest(guest, profile, labelOf));
  return { profile, guests: guests.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}

function runningGuest(guest: Guest, profile: MigrationProfile, labelOf: LabelOf): RunningGuest {
  const { labels, offers } = pmemOf(guest, profile, labelOf);
  const shares: GuestKind[] = guest.hasShares ? [{ kind: "shares" }] : [];
  const readings = pageReadings(guest, profile.basePageKib).flatMap((pages) =>
    labels.map((some): GuestKind[] => {
      const pmem = some.map((label) => ({ kind: "pmem" as const, label }));
      return [pages, ...pmem, ...shares];
    }),
  );
  return {
    name: guest.name,
    nova: guest.nova,
    memoryKib: guest.memoryKib,
    fileBacked: guest.fileBacked,
    pmem: offers,
    readings,
    isEncrypted: guest.isEncrypted ?? false,
    job: guest.job,
  };
}

/** What its pages, and locked memory, can mean; one if Nova says what its flavor says. */
function pageReadings(guest: Guest, basePageKib: number): GuestKind[] {
  const hasKib = guest.pages[0]?.sizeKib ?? basePageKib;
  // Real-time guests are locked as well, and move like plain ones.
  const kind = guest.locked && !guest.isUnmerged ? "locked" : "page-size";
  const sized = (request: PageRequest): GuestKind => ({ kind, request, hasKib });
  const written = guest.pageRequest;
  if (typeof written === "string") return [sized(requestOf(written, hasKib))];
  if (written === undefined && guest.pages.length > 0) return [sized(hasKib), sized("large")];
  const plain: GuestKind = guest.hasTopology ? { kind: "plain", hasTopology: true } : { kind: "plain" };
  if (written === null || !guest.hasTopology) return [plain];
  const small = [sized("small"), sized("any")];
  return kind === "locked" ? small : [plain, ...small];
}

const units: Readonly<Record<string, number>> = { K: 1, M: 2 ** 10, G: 2 ** 20 };

/** As Nova reads hw:mem_page_size: a word, KiB, or a number with a unit, of which 2MB and 2MiB are the same. */
function requestOf(written: string, hasKib: number): PageRequest {
  if (written === "small" || written === "large" || written === "any") return written;
  const [, digits, unit = "K"] = /^(\d{1,9})(?:([KMG])i?B)?$/.exec(written) ?? [];
  return digits === undefined ? hasKib : Number(digits) * units[unit]!;
}

/** Labels that its devices can be of, one list for each way to read them, and what is known of its devices. */
function pmemOf(
  guest: Guest,
  { pmem }: MigrationProfile,
  labelOf: LabelOf,
): { labels: string[][]; offers: PmemOffer[] } {
  const devices = guest.nvdimms ?? [];
  if (devices.length === 0) return { labels: [[]], offers: [] };
  const given = labelsOf(guest, labelOf);
  if (given !== undefined) {
    const known = given.length === devices.length;
    const offers = given.map((label, index) => offer(label, known ? devices[index] : undefined));
    return { labels: [[...new Set(given)]], offers };
  }
  const fits = ({ sizeKib }: PmemOffer) =>
    sizeKib === undefined || devices.some((device) => device.sizeKib === sizeKib);
  const possible = [...new Set(pmem.filter(fits).map(({ label }) => label))];
  return {
    labels: possible.map((label) => [label]),
    offers: possible.flatMap((label) => devices.map((device) => offer(label, device))),
  };
}

/** One for each of its devices, by its flavor, or else by the namespaces that they are; undefined where neither tells. */
function labelsOf({ pmemRequest, nvdimms = [] }: Guest, labelOf: LabelOf): string[] | undefined {
  // Nova gives devices in the order of the flavor's labels, nova/virt/libvirt/driver.py _get_ordered_vpmem_resources.
  if (pmemRequest !== undefined) return pmemRequest.split(",").map((label) => label.trim());
  const labels = nvdimms.flatMap(({ path }) => labelOf(path) ?? []);
  return labels.length === nvdimms.length ? labels : undefined;
}

type LabelOf = (path: string) => string | undefined;

/** What Nova knows a device by: the kernel numbers namespaces anew with a boot alone, which no running guest lives through. */
function labelsByPath({ pmem }: HostFacts, offered: readonly OfferedNamespace[]): LabelOf {
  return (path) => {
    const namespace = pmem.namespaces.find(({ device }) => device !== undefined && path === `/dev/${device}`);
    return offered.find(({ name }) => name !== "" && name === namespace?.name)?.label;
  };
}

function offer(label: string, device: GuestNvdimm | undefined): PmemOffer {
  if (!device) return { label };
  const { path: _, ...known } = device;
  return { label, ...known };
}
