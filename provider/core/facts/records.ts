import { HostError } from "../errors";
import { textOf } from "../files/bytes";
import type { OptionEdit } from "../files/edit";
import type { HostFile } from "./hostFile";
import type { CloudRecord, ObjectRecord, PagesRecord, PendingRecord, StoreRecord } from "./journal";

/** Reads what we keep about an object. */
export function readObjectRecord(host: string, file: HostFile): ObjectRecord {
  return readRecord(host, file, isObjectRecord);
}

/** Reads the note of restarts that may be outstanding. */
export function readPendingRecord(host: string, file: HostFile): PendingRecord {
  const record = readRecord(host, file, isPendingForm);
  const words = [...record.services, ...(record.ran ?? []), ...record.edits.map(({ action }) => action)];
  const unknown = words.find((word) => !knownWords.includes(word));
  if (unknown === undefined) return record as PendingRecord;
  throw new HostError("unexpected", host, `${file.path} says "${unknown}", which this pulumi-hostmem does not know`, {
    advice:
      "A newer one may have written it: use at least the version that last managed this host. If there was none, somebody else changed it: restore it from a backup.",
  });
}

/** Reads what is owed to the host's cloud. */
export function readCloudRecord(host: string, file: HostFile): CloudRecord {
  return readRecord(host, file, isCloudRecord);
}

/** A file of ours is trusted only as far as it has the form that we gave it: what is taken back is done by it. */
function readRecord<T extends object>(
  host: string,
  file: HostFile,
  isRecord: (value: Fields) => value is Fields & T,
): T {
  const record = parse(host, file);
  if (isFields(record) && typeof record["version"] === "number" && record["version"] > 1) {
    throw new HostError("unexpected", host, `${file.path} was written by a newer pulumi-hostmem`, {
      advice: "Use at least the version that last managed this host.",
    });
  }
  if (!isFields(record) || record["version"] !== 1 || !isRecord(record))
    throw changed(host, file, "is not as we write it");
  return record;
}

function parse(host: string, file: HostFile): unknown {
  try {
    return JSON.parse(textOf(file.text));
  } catch (cause) {
    throw changed(host, file, "is not JSON", cause);
  }
}

function changed(host: string, file: HostFile, how: string, cause?: unknown): HostError {
  return new HostError("unexpected", host, `${file.path} ${how}; it is ours and was changed by somebody else`, {
    advice: "Restore it from a backup, or remove it and let this resource adopt what it finds.",
    cause,
  });
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): value is string => typeof value === "string";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isMissing = (value: unknown): value is undefined => value === undefined;
const isListOf = (value: unknown, isItem: (item: unknown) => boolean) => Array.isArray(value) && value.every(isItem);

function isObjectRecord(value: Fields): value is Fields & ObjectRecord {
  const { owner, edits, store, pages } = value;
  return (
    isText(owner) &&
    isListOf(edits, isEdit) &&
    (isMissing(store) || isStore(store)) &&
    (isMissing(pages) || isPages(pages))
  );
}

/** Services and actions; a release may know more of them than an earlier one, which reads the same version of the note. */
const knownWords: readonly string[] = ["libvirt", "nova-compute", "set", "undone"];

/** The note as any release writes it. */
type PendingForm = Omit<PendingRecord, "services" | "ran" | "edits"> & {
  services: string[];
  ran?: string[];
  edits: { action: string }[];
};

function isPendingForm(value: Fields): value is Fields & PendingForm {
  const isPending = (each: unknown) =>
    isFields(each) && isText(each["object"]) && isText(each["action"]) && isEdit(each["edit"]);
  const isPool = (each: unknown) => isFields(each) && [each["node"], each["sizeKib"], each["count"]].every(isCount);
  const isFile = (each: unknown) =>
    isFields(each) &&
    isText(each["path"]) &&
    (each["content"] === null || isText(each["content"])) &&
    [undefined, true].includes(each["madeFolder"] as undefined);
  return (
    isListOf(value["services"], isText) &&
    (isMissing(value["ran"]) || isListOf(value["ran"], isText)) &&
    isListOf(value["reasons"], isText) &&
    isListOf(value["edits"], isPending) &&
    (isMissing(value["pools"]) || isListOf(value["pools"], isPool)) &&
    (isMissing(value["files"]) || isListOf(value["files"], isFile)) &&
    [undefined, true].includes(value["countsOnMigration"] as undefined)
  );
}

function isCloudRecord(value: Fields): value is Fields & CloudRecord {
  const { drained, former } = value;
  const isDrained = isFields(drained) && isText(drained["host"]) && isText(drained["reason"]);
  const isFormer =
    isFields(former) &&
    (former["memoryRatio"] === null || typeof former["memoryRatio"] === "number") &&
    isFlag(former["hadTrait"]);
  return (isMissing(drained) || isDrained) && (isMissing(former) || isFormer);
}

function isEdit(value: unknown): value is OptionEdit {
  if (!isFields(value)) return false;
  const { path, section, option, entry, before, ours, siblings, addedSection, addedNewline, lastLine } = value;
  const isLastLine = isFields(lastLine) && isText(lastLine["text"]) && typeof lastLine["count"] === "number";
  return (
    [path, section, option].every(isText) &&
    (isMissing(entry) || isText(entry)) &&
    (before === null || isText(before)) &&
    isListOf(ours, isText) &&
    (ours as unknown[]).length > 0 &&
    isListOf(siblings, isText) &&
    [addedSection, addedNewline].every(isFlag) &&
    (isMissing(lastLine) || isLastLine)
  );
}

function isStore(value: unknown): value is StoreRecord {
  if (!isFields(value)) return false;
  const { mountPoint, device, fileSystem, uuid, unfinished, making, mounted, madeDirectory, files, madeFolders } =
    value;
  return (
    isText(mountPoint) &&
    [device, fileSystem, uuid, making, madeDirectory].every((each) => isMissing(each) || isText(each)) &&
    (isMissing(unfinished) || unfinished === true) &&
    isFlag(mounted) &&
    isListOf(files, isText) &&
    (isMissing(madeFolders) || isListOf(madeFolders, isText))
  );
}

function isPages(value: unknown): value is PagesRecord {
  if (!isFields(value)) return false;
  const { pools, restricts, bootLoader, traits, madeFolders } = value;
  const isPool = (each: unknown) =>
    isFields(each) &&
    [each["node"], each["sizeKib"], each["before"]].every(isCount) &&
    isListOf(each["ours"], isCount) &&
    (each["ours"] as unknown[]).length > 0;
  const isTrait = (each: unknown) =>
    isFields(each) &&
    isText(each["name"]) &&
    isFlag(each["set"]) &&
    (isMissing(each["going"]) || each["going"] === true);
  return (
    isListOf(pools, isPool) &&
    isFlag(restricts) &&
    [undefined, "due", "on"].includes(bootLoader as undefined) &&
    (isMissing(traits) || isListOf(traits, isTrait)) &&
    (isMissing(madeFolders) || isListOf(madeFolders, isText))
  );
}
