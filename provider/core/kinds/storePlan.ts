import { isForRootAlone } from "../facts/directories";
import type { HostFacts } from "../facts/hostFacts";
import type { ObjectRecord, StoreRecord } from "../facts/journal";
import { libvirtUnit, refusedLibvirt } from "../facts/units";
import { objectPath } from "../host/paths";
import { guardPath, mountUnit } from "../host/units";
import { defaultHealthTimeoutSeconds, planPendingActivation } from "../plan/activation";
import { call, reloadUnits, silently } from "../plan/calls";
import { planOptions, type WantedOption } from "../plan/options";
import { RecordWrites } from "../plan/recordWrites";
import type { CallStep, Plan, Step, WriteFileStep, WriteRecordStep } from "../plan/step";
import { formatMib } from "../size";
import type { BackingStoreArgs } from "./backingStore";
import { fstabPath, storeEntries } from "./storeFstab";
import { canGrow, tmpfsBytes } from "./storeSize";
import type { DesiredStore, ObservedStore } from "./storeState";

const object = "BackingStore";

/** Makes, mounts and guards a store: the record first, so that a cut leaves nothing that nobody owns. */
export function planStore(
  facts: HostFacts,
  args: BackingStoreArgs,
  want: DesiredStore,
  have: ObservedStore,
  record: ObjectRecord | undefined,
): Plan {
  const options = planOptions(facts, object, record, fstabOption(args, want, facts));
  const isMountedByUs = record?.store?.mounted ?? !have.isMounted;
  // What somebody mounted by hand, and at boot as safely as we would, is right as it is.
  const guards = isMountedByUs || options.after.length > 0 ? bootGuards(facts, args.mountPoint) : [];
  const madeDirectory = record?.store
    ? record.store.madeDirectory
    : facts.directories.get(args.mountPoint)?.firstMissing;
  const folders = guards.map(({ path }) => path.slice(0, path.lastIndexOf("/")));
  const missing = folders.filter((folder) => facts.directories.get(folder)?.exists === false);
  const madeFolders = [...new Set([...(record?.store?.madeFolders ?? []), ...missing])];
  const store: StoreRecord = {
    mountPoint: args.mountPoint,
    ...(args.device === undefined ? {} : { device: args.device }),
    ...(args.fileSystem === undefined ? {} : { fileSystem: args.fileSystem }),
    ...(want.uuid === undefined ? {} : { uuid: want.uuid }),
    mounted: isMountedByUs,
    ...(madeDirectory === undefined ? {} : { madeDirectory }),
    files: [...new Set([...(record?.store?.files ?? []), ...guards.map((guard) => guard.path)])],
    ...(madeFolders.length > 0 ? { madeFolders } : {}),
  };
  const records = new RecordWrites(facts.journal.hashes);
  const write = (edits: ObjectRecord["edits"], now: StoreRecord) =>
    records.write(objectPath(object), { version: 1, owner: args.owner, edits, store: now });
  const begun: StoreRecord = have.isMounted ? store : { ...store, unfinished: true };
  const steps: Step[] = [
    ...write(options.during, have.isUnfinished ? { ...begun, ...makingOf(record?.store) } : begun),
    // Where it cannot be made, nothing on the device shall be lost.
    ...(have.isMounted ? [] : [makeMountPoint(args.mountPoint, isMountedByUs)]),
    ...fileSystemSteps(args, want, have, (making) => write(options.during, { ...begun, ...making })),
    ...options.changes.steps(),
    ...(have.isMounted ? [] : [mountStep(args, want)]),
    ...growSteps(args, have),
    ...guards,
    ...(guards.length > 0 ? [reloadUnits] : []),
    // What a cut run has mounted may not have been started, nor what somebody mounted after a boot without it.
    ...(have.isMounted && !record?.store?.unfinished && !refusedLibvirt(facts.units) ? [] : startRefused(facts)),
    ...(args.removeOrphans ? have.orphans : []).map((path) =>
      call("remove_orphan", [path], `remove ${path}, which no guest uses`),
    ),
    ...write(options.after, store),
  ];
  const warnings = steps.length > 0 ? mountWarnings(args, have, facts) : [];
  return { steps, warnings: [...orphanWarnings(args, have), ...warnings] };
}

/** What somebody mounted is theirs to set up; what would hurt there is said. */
function mountWarnings(args: BackingStoreArgs, have: ObservedStore, facts: HostFacts): string[] {
  if (!have.isMounted) return [];
  const { mountPoint } = args;
  const directory = facts.directories.get(mountPoint);
  const warnings: string[] = [];
  const isMountedAtBoot = storeEntries(args, facts).length > 0 || directory?.unitFile !== undefined;
  if (args.fileSystem === undefined && !isMountedAtBoot) {
    const later = "after a boot without it guests fill the file system below";
    warnings.push(`${fstabPath} does not mount ${mountPoint}; if nothing else does, ${later}`);
  }
  const access = directory?.access;
  if (access !== undefined && isForRootAlone(access)) {
    const [mode, owner] = access.split(" ");
    warnings.push(
      `${mountPoint} has mode ${mode} and owner ${owner}: QEMU, which is not root, cannot reach files in it`,
    );
  }
  return warnings;
}

function orphanWarnings(args: BackingStoreArgs, { orphans }: ObservedStore): string[] {
  if (orphans.length === 0 || args.removeOrphans) return [];
  const files =
    orphans.length === 1
      ? "a memory file of a guest that does not run is"
      : "memory files of guests that do not run are";
  return [`${files} in the store: ${orphans.join(", ")}; removeOrphans: true removes what no process uses`];
}

function fstabOption(args: BackingStoreArgs, want: DesiredStore, facts: HostFacts): WantedOption[] {
  if (want.fstab === undefined) return [];
  const isRight = storeEntries(args, facts).some((entry) => entry.raw === want.fstab);
  return [{ path: fstabPath, section: "", option: args.mountPoint, value: want.fstab, now: undefined, isRight }];
}

function makingOf(store: StoreRecord | undefined): Pick<StoreRecord, "making"> {
  return store?.making === undefined ? {} : { making: store.making };
}

/** @param write of the record, with the mark that tells what a cut mkfs left from what somebody else put there. */
function fileSystemSteps(
  args: BackingStoreArgs,
  want: DesiredStore,
  have: ObservedStore,
  write: (making: Pick<StoreRecord, "making">) => WriteRecordStep[],
): Step[] {
  const { device, fileSystem = "", consentToWipe = "" } = args;
  if (device === undefined || have.isMounted || have.hasOurFileSystem) return [];
  const isOurs = have.isBlank || have.isUnfinished;
  const consent = isOurs ? "" : consentToWipe;
  const expected = isOurs && !have.device?.isUnfinished ? (have.device?.content ?? "") : consent;
  const partitions = have.device?.partitions ?? [];
  const parts = partitions.length > 0 ? ` with ${partitions.join(", ")}` : "";
  const left = have.isUnfinished ? `; what a cut run began on it is lost: ${have.device?.content}` : "";
  const lost = consent === "" ? left : `; what is on it is lost: ${consent}${parts}`;
  const line = `format ${device} as ${fileSystem}, ${formatMib(want.sizeMb)} usable${lost}`;
  const uuid = want.uuid ?? "";
  const identity = have.device?.identity;
  const mark = write(identity === undefined ? {} : { making: identity });
  const unmark = write({});
  return [
    ...mark,
    {
      ...call("make_file_system", [fileSystem, device, uuid, expected], line),
      proof: { call: "device_is", args: [device, expected, uuid], of: device },
      onFailure: unmark,
    },
    ...unmark,
  ];
}

function mountStep(args: BackingStoreArgs, want: DesiredStore): CallStep {
  const words = [args.mountPoint, want.uuid ?? "", args.device ?? "", ...(args.dax ? ["dax"] : [])];
  return call("mount_store", words, `mount ${args.mountPoint}${args.dax ? " with DAX" : ""}`);
}

function makeMountPoint(path: string, isOurs: boolean): CallStep {
  const words = isOurs ? [path] : [path, "theirs"];
  const proof = { call: "is_free", args: [path], of: path };
  return { ...silently(`make the mount point ${path}`, "make_mount_point", words), proof };
}

/** @param withNova false where an activation does that, and finds out whether it comes up. */
function startRefused(facts: HostFacts, withNova = true): CallStep[] {
  const refused = refusedLibvirt(facts.units);
  const unit = (refused ?? libvirtUnit(facts.units))?.name;
  if (unit === undefined) return [];
  const nova = withNova ? facts.novaCompute?.unit : undefined;
  const units = nova?.unitFileState.startsWith("enabled") ? [unit, nova.name] : [unit];
  const names = units.map((name) => name.replace(/\.service$/, "")).join(" and ");
  const what = `start ${names}, which waited for the store`;
  return [refused ? call("start_refused", units, what) : silently(what, "start_refused", units)];
}

function growSteps(args: BackingStoreArgs, have: ObservedStore): Step[] {
  const { mounted } = have;
  if (canGrow(have) && mounted) {
    return [
      call("grow_store", [mounted.type, args.mountPoint], `grow ${args.mountPoint} to the size of ${args.device}`),
    ];
  }
  const isOtherSize = args.fileSystem === "tmpfs" && have.isMounted && mounted?.totalBytes !== tmpfsBytes(args);
  if (!isOtherSize) return [];
  const size = formatMib(tmpfsBytes(args) / 1024 ** 2);
  return [call("resize_tmpfs", [args.mountPoint], `resize ${args.mountPoint} to ${size}`)];
}

/**
 * libvirt must not start without its store: guests would fill the root file system. An assertion, unlike
 * RequiresMountsFor=, does not stop a running libvirt when the mount stops (systemd.unit(5)).
 */
function bootGuards(facts: HostFacts, mountPoint: string): WriteFileStep[] {
  const unit = libvirtUnit(facts.units)?.name;
  if (unit === undefined) return [];
  const path = guardPath(unit);
  const content = `# Written by pulumi-hostmem: guest memory needs its store.\n[Unit]\nAfter=${mountUnit(mountPoint)}\nAssertPathIsMountPoint=${escapeSpecifiers(mountPoint)}\n`;
  const present = facts.files.get(path);
  if (present?.text === content) return [];
  const line = `let ${unit.replace(/\.service$/, "")} start only with ${mountPoint} mounted`;
  return [{ kind: "write-file", path, before: present?.sha256, content, line }];
}

function escapeSpecifiers(path: string): string {
  return path.replaceAll("%", "%%");
}

/**
 * The way back: everything but the file system itself, which is kept. Unmounting comes first: where somebody uses the
 * store after all, the kernel refuses that, and nothing has been changed.
 */
export function planStoreRemoval(facts: HostFacts, record: ObjectRecord): Plan {
  const options = planOptions(facts, object, record, []);
  const store = record.store;
  const records = new RecordWrites(facts.journal.hashes);
  const activation = planPendingActivation(facts, options.changes, defaultHealthTimeoutSeconds);
  const refused = refusedLibvirt(facts.units);
  const isOurs = refused !== undefined && store?.files.includes(guardPath(refused.name)) === true;
  const steps: Step[] = [
    ...(isOurs ? [] : activation),
    ...(store?.mounted
      ? [
          call(
            "unmount_store",
            [store.mountPoint, store.uuid ?? "", store.device ?? ""],
            `unmount ${store.mountPoint}; what is on it is kept`,
          ),
        ]
      : []),
    ...(store?.files ?? []).flatMap((path) => removeFile(facts, path)),
    ...(store?.madeFolders ?? []).map((folder) => silently(`remove ${folder}`, "remove_folder", [folder])),
    // A boot without the mount starts libvirt only where the guard has gone before it.
    reloadUnits,
    ...options.changes.steps(),
    ...(store?.madeDirectory === undefined
      ? []
      : [silently(`remove ${store.mountPoint}`, "remove_mount_point", [store.mountPoint, store.madeDirectory])]),
    reloadUnits,
    // Only now nothing refuses them any more.
    ...(isOurs ? [...startRefused(facts, activation.length === 0), ...activation] : []),
    ...records.write(objectPath(object), undefined),
  ];
  return { steps, warnings: options.left };
}

function removeFile(facts: HostFacts, path: string): Step[] {
  const present = facts.files.get(path);
  if (!present) return [];
  return [{ kind: "write-file", path, before: present.sha256, content: undefined, line: `remove ${path}` }];
}
