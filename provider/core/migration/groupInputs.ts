import { Inputs } from "../inputs/problem";
import { type GuestName, guestNames, type MigrationProfile, type PmemOffer } from "./traits";

/** A group as declared, once read. */
export interface GroupArgs {
  members: MigrationProfile[];
  onIncompatible: "warn" | "fail";
  /** Undefined for all. */
  guests: GuestName[] | undefined;
}

/** What a user may give. */
export const groupInputNames = ["owner", "members", "onIncompatible", "guests"] as const;

/** Reads a group's inputs, which may be anything; problems are collected. */
export function readGroup(inputs: Inputs): GroupArgs {
  inputs.rejectUnknown(groupInputNames);
  const guests = inputs.choices("guests", guestNames);
  if (inputs.has("guests") && Array.isArray(inputs.raw("guests")) && (inputs.raw("guests") as unknown[]).length === 0)
    inputs.problem("guests", "must not be empty: leave it out for guests of every kind");
  return {
    members: readMembers(inputs),
    onIncompatible: inputs.choice("onIncompatible", ["warn", "fail"]) ?? "warn",
    guests: guests.length > 0 ? guests : undefined,
  };
}

/** Reads profiles of hosts, under the name `members`. */
export function readMembers(inputs: Inputs): MigrationProfile[] {
  const value = inputs.raw("members");
  if (!Array.isArray(value) || value.length === 0) {
    inputs.problem(
      "members",
      "must be a list of the hosts among which guests are to move, such as [host1, host2.profile]; it is empty or none",
    );
    return [];
  }
  return value.flatMap((entry: unknown, index) => {
    const at = `members[${index}]`;
    if (entry === null || entry === undefined) {
      inputs.problem(
        at,
        "has no profile: declare liveMigration: {} on that ComputeHost, or give a LiveMigrationConfig or its profile",
      );
      return [];
    }
    if (typeof entry !== "object" || Array.isArray(entry)) {
      inputs.problem(at, "must be a ComputeHost, a LiveMigrationConfig, or the profile of one");
      return [];
    }
    return readProfile(new Inputs(entry as Record<string, unknown>, at, inputs.problems)) ?? [];
  });
}

const profileNames = [
  "host",
  "nova",
  "libvirt",
  "qemu",
  "fileBacked",
  "basePageKib",
  "pageSizes",
  "pmem",
  "postCopy",
] as const;

/** A profile comes from another program perhaps, and from an older or newer release. */
function readProfile(inputs: Inputs): MigrationProfile | undefined {
  const missing = profileNames.filter((name) => !inputs.has(name));
  if (missing.length > 0) {
    inputs.problem(missing[0]!, "is missing: give the output profile of a LiveMigrationConfig as it is");
    return undefined;
  }
  const before = inputs.problems.length;
  const profile = {
    host: inputs.text("host"),
    nova: version(inputs, "nova"),
    libvirt: version(inputs, "libvirt"),
    qemu: version(inputs, "qemu"),
    fileBacked: inputs.flag("fileBacked"),
    basePageKib: inputs.integer("basePageKib", 1, 2 ** 30),
    pageSizes: readSizes(inputs),
    pmem: readOffers(inputs),
    postCopy: inputs.flag("postCopy"),
  };
  return inputs.problems.length > before ? undefined : (profile as MigrationProfile);
}

function version(inputs: Inputs, name: string): string | undefined {
  const text = inputs.text(name);
  if (text === undefined || /^\d+(\.\d+){0,3}/.test(text)) return text;
  return inputs.problem(name, "must be a version such as 8.2.2: give the output profile as it is");
}

function readSizes(inputs: Inputs): number[] {
  const value = inputs.raw("pageSizes");
  if (Array.isArray(value) && value.every((size) => Number.isInteger(size) && size > 0)) return value as number[];
  inputs.problem("pageSizes", "must be a list of sizes in KiB: give the output profile as it is");
  return [];
}

function readOffers(inputs: Inputs): PmemOffer[] {
  const value = inputs.raw("pmem");
  const isSize = (size: unknown) => size === null || size === undefined || (Number.isFinite(size) && Number(size) > 0);
  const isOffer = (offer: Partial<PmemOffer> | null) =>
    typeof offer?.label === "string" && isSize(offer.sizeKib) && isSize(offer.alignmentKib);
  if (!Array.isArray(value) || !value.every(isOffer)) {
    inputs.problem("pmem", "must be a list of labels with sizeKib and alignmentKib: give the output profile as it is");
    return [];
  }
  return (value as PmemOffer[]).map(({ label, sizeKib, alignmentKib }) => ({
    label,
    ...(sizeKib ? { sizeKib } : {}),
    ...(alignmentKib ? { alignmentKib } : {}),
  }));
}
