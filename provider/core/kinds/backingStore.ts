import type { HostFacts } from "../facts/hostFacts";
import { noProbes } from "../facts/probes";
import { libvirtUnits, unitNames } from "../facts/units";
import { dropInFolder } from "../host/units";
import type { Inputs } from "../inputs/problem";
import { readSize } from "../inputs/size";
import type { CommonArgs, Evaluation, Kind } from "./kind";
import { defaultMemoryBackingDir } from "./memoryDirectory";
import { planStore, planStoreRemoval } from "./storePlan";
import { storeRefusals, storeRemovalRefusals } from "./storeRules";
import { canGrow } from "./storeSize";
import { desiredStore, type ObservedStore, observeStore } from "./storeState";

// ---- Args

export interface BackingStoreArgs extends CommonArgs {
  /** Undefined for tmpfs, and for a file system that is mounted already. */
  device: string | undefined;
  fileSystem: "ext4" | "xfs" | "tmpfs" | undefined;
  mountPoint: string;
  /** Of a tmpfs, as written. */
  size: string | number | undefined;
  /** The signature that the user gives up, such as `ext4 UUID=…`. */
  consentToWipe: string | undefined;
  allowUnstableDeviceName: boolean;
  removeOrphans: boolean;
  /** Undefined leaves it to whoever mounts the store. */
  dax: true | undefined;
}

// ---- check

function check(inputs: Inputs, common: CommonArgs): BackingStoreArgs {
  const device = absolutePath(inputs, "device", "/dev/disk/by-id/…");
  const mountPoint = readMountPoint(inputs) ?? defaultMemoryBackingDir;
  const fileSystem = inputs.choice("fileSystem", ["ext4", "xfs", "tmpfs"]);
  const size = readTmpfsSize(inputs, fileSystem);
  if (device !== undefined && !device.startsWith("/dev/"))
    inputs.problem("device", "must be a path below /dev, such as /dev/disk/by-id/…");
  if (device !== undefined && fileSystem === "tmpfs")
    inputs.problem("device", "must be left out for a tmpfs, which is in RAM");
  if (device === undefined && (fileSystem === "ext4" || fileSystem === "xfs")) {
    inputs.problem("device", `is required for ${fileSystem}; leave fileSystem out to use what is mounted already`);
  }
  if (inputs.flag("dax") && (device === undefined || fileSystem === "tmpfs")) {
    inputs.problem("dax", "is for a device; name the fsdax namespace in device");
  }
  return {
    ...common,
    device,
    fileSystem: device === undefined ? fileSystem : (fileSystem ?? "xfs"),
    mountPoint,
    size,
    consentToWipe: inputs.text("consentToWipe"),
    allowUnstableDeviceName: inputs.flag("allowUnstableDeviceName") ?? false,
    removeOrphans: inputs.flag("removeOrphans") ?? false,
    dax: inputs.flag("dax") || undefined,
  };
}

function readMountPoint(inputs: Inputs): string | undefined {
  const path = inputs.text("mountPoint");
  const problem = (message: string) => inputs.problem("mountPoint", message);
  if (path !== undefined && /^\/+$/.test(path)) {
    return problem(`must not be the root directory; name one of its own, such as ${defaultMemoryBackingDir}`);
  }
  if (path?.endsWith("/")) return problem(`must not end in a slash; declare ${path.replace(/\/+$/, "")}`);
  const [system] = /^\/(proc|sys|dev|run)(?=\/|$)/.exec(path ?? "") ?? [];
  if (system !== undefined) {
    return problem(`must not be in ${system}, which the system makes anew with every boot; declare a path elsewhere`);
  }
  return absolutePath(inputs, "mountPoint", defaultMemoryBackingDir);
}

function absolutePath(inputs: Inputs, name: string, example: string): string | undefined {
  const path = inputs.text(name);
  // Quotes, backslashes and bytes beyond ASCII are read differently by fstab, systemd, libvirt and the shell's tools.
  const isPlain = path === undefined || /^(\/(?!\.{1,2}(\/|$))[ !#-&(-.0-[\]-~]+)+$/.test(path);
  if (!isPlain || path?.endsWith(" ")) {
    return inputs.problem(
      name,
      `must be an absolute path, in ASCII without quotes, backslashes, "." or "..", such as ${example}`,
    );
  }
  return path;
}

function readTmpfsSize(inputs: Inputs, fileSystem: string | undefined): string | number | undefined {
  if (fileSystem !== "tmpfs") {
    if (inputs.has("size")) inputs.problem("size", "is for a tmpfs only; leave it out: a device has a size of its own");
    return undefined;
  }
  if (!inputs.has("size")) return inputs.problem("size", 'is required for a tmpfs, such as "4 GiB"');
  // To the kernel a size of 0 is no limit (tmpfs(5)).
  return readSize(inputs, "size", 1);
}

// ---- plan

function evaluate(args: BackingStoreArgs, facts: HostFacts): Evaluation {
  const have = observeStore(args, facts);
  const want = desiredStore(args, have, facts);
  const record = facts.journal.objects.get(name);
  const result = {
    problems: storeRefusals(args, want, have, facts),
    computed: { sizeMb: want.sizeMb, ...(want.uuid === undefined ? {} : { uuid: want.uuid }) },
    observed: {
      mounted: have.isMounted,
      realSizeMb: have.realSizeMb,
      orphans: have.orphans,
      ...observedDax(args, have),
    },
    exists: record !== undefined || have.isMounted,
  };
  if (result.problems.length > 0) return { ...result, plan: { steps: [], warnings: [] }, effect: undefined };
  const plan = planStore(facts, args, want, have, record);
  const isToCome = !have.isMounted || canGrow(have) || (args.removeOrphans && have.orphans.length > 0);
  return {
    ...result,
    plan,
    effect: isToCome ? { services: [], reasons: [], fileSystems: [want.fileSystem] } : undefined,
  };
}

/** A store without DAX, where it was declared, is to show in a refresh. */
function observedDax(args: BackingStoreArgs, have: ObservedStore): { dax?: boolean } {
  return args.dax ? { dax: !have.isMounted || have.mounted?.isDax === true } : {};
}

// ---- undo

function undo(_args: BackingStoreArgs, facts: HostFacts): ReturnType<Kind<BackingStoreArgs>["undo"]> {
  const record = facts.journal.objects.get(name);
  if (!record) return { plan: { steps: [], warnings: [] }, problems: [] };
  return { plan: planStoreRemoval(facts, record), problems: storeRemovalRefusals(facts, record.store) };
}

const name = "BackingStore";

export const backingStore: Kind<BackingStoreArgs> = {
  name,
  inputNames: [
    "device",
    "fileSystem",
    "mountPoint",
    "size",
    "consentToWipe",
    "allowUnstableDeviceName",
    "removeOrphans",
    "dax",
  ],
  hasRecord: true,
  probes: (args) => ({
    ...noProbes,
    devices: args.device === undefined ? [] : [args.device],
    directories: [args.mountPoint, ...unitNames(args.installation.libvirtUnit, libvirtUnits).map(dropInFolder)],
  }),
  check,
  evaluate,
  undo,
};
