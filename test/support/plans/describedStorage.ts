import { strict as assert } from "node:assert";
import type { BlockDevice } from "../../../provider/core/facts/blockDevices";
import { type Directory, isForRootAlone } from "../../../provider/core/facts/directories";
import type { FileSystem } from "../../../provider/core/facts/fileSystems";
import { parseFstab } from "../../../provider/core/files/fstab";
import type { CallStep } from "../../../provider/core/plan/step";

const gib = 1024 ** 3;

/** A device in a few words; what is not mentioned is as on a blank disk. `gib` is its size. */
export type DeviceDescription = Partial<BlockDevice> & { gib?: number; signatures?: string[] };

export interface StorageDescription {
  /** By path, as a program names it; null for one that the host does not have. */
  devices?: Record<string, DeviceDescription | null>;
  /** What is at a path; by default nothing is at paths that nobody mentions. */
  directories?: Record<string, "empty" | "filled" | "file">;
  /** `mode uid:gid` of directories that are not as usual. */
  access?: Record<string, string>;
  /** Unit files of systemd by the path that they mount. */
  mountUnits?: Record<string, string>;
  /** What paths really are, where a symbolic link is in them. */
  links?: Record<string, string>;
  /** Gigabytes (GiB) of file systems by mount point: in all, free, kept for root, and the number or path of the device. */
  fileSystems?: Record<
    string,
    {
      total: number;
      free: number;
      reserved?: number;
      device?: string;
      type?: string;
      on?: string;
      readOnly?: true;
      isDax?: true;
    }
  >;
  /** MiB of guest memory files. */
  memoryFiles?: Record<string, number>;
}

/** Disks and mounts of a described host, and what the host's library would do to them. */
export class DescribedStorage {
  readonly devices = new Map<string, BlockDevice>();
  private readonly kinds: Map<string, "empty" | "filled" | "file">;
  private readonly memoryFiles: Map<string, number>;
  fileSystems: FileSystem[];

  constructor(private readonly description: Required<StorageDescription>) {
    for (const [path, device] of Object.entries(description.devices)) {
      const number = `259:${this.devices.size}`;
      this.devices.set(path, device ? blankDevice(path, number, device) : goneDevice(path));
    }
    this.kinds = new Map(Object.entries(description.directories));
    this.memoryFiles = new Map(Object.entries(description.memoryFiles));
    this.fileSystems = Object.entries(description.fileSystems).map(([mountPoint, size], index) => {
      const device = size.on === undefined ? undefined : this.devices.get(size.on);
      device?.mountPoints.push(mountPoint);
      return {
        mountPoint,
        type: size.type ?? "ext4",
        source: device?.realPath ?? `/dev/disk${index}`,
        device: device?.number ?? size.device ?? `8:${index}`,
        totalBytes: size.total * gib,
        availableBytes: size.free * gib,
        reservedBytes: (size.reserved ?? 0) * gib,
        ...(size.readOnly ? { isReadOnly: true } : {}),
        ...(device ? { deviceBytes: device.sizeBytes } : {}),
        ...(size.isDax ? { isDax: true } : {}),
      };
    });
  }

  directory(path: string): Directory {
    const kind = this.kinds.get(path);
    const isMountPoint = this.fileSystems.some((fileSystem) => fileSystem.mountPoint === path);
    const exists = kind !== undefined || isMountPoint;
    const above = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
    const closed = above.slice(0, -1).find((each) => isForRootAlone(this.access(each)));
    const first = above.find((each) => each !== "" && ![...this.kinds.keys()].some((known) => isAbove(each, known)));
    return {
      path,
      exists,
      firstMissing: exists ? undefined : first,
      realPath: this.description.links[path] ?? path,
      access: exists ? this.access(path) : undefined,
      obstacle: above.find((each) => this.kinds.get(each) === "file"),
      closed: closed === undefined ? undefined : { path: closed, access: this.access(closed) },
      unitFile: this.description.mountUnits[path],
      isMountPoint,
      isEmpty: kind !== "filled",
    };
  }

  private access(path: string): string {
    return this.description.access[path] ?? "755 0:0";
  }

  guestMemoryFiles(): { path: string; usedBytes: number }[] {
    return [...this.memoryFiles].map(([path, mib]) => ({ path, usedBytes: mib * 1024 ** 2 }));
  }

  unplug(path: string): void {
    this.devices.set(path, goneDevice(path));
  }

  /** Does what a function of the host's library does. */
  perform({ call, args }: CallStep, fstab: string): void {
    const [one, two, three] = args.map(String) as [string, string, string];
    switch (call) {
      case "make_file_system": {
        const device = this.devices.get(two)!;
        Object.assign(device, { isUnfinished: false, content: `${one} UUID=${three}`, partitions: [] });
        device.signature = { TYPE: one, UUID: three };
        this.cover(device, one);
        return;
      }
      case "make_mount_point":
        this.kinds.set(one, "empty");
        return;
      case "mount_store":
        this.mount(one, fstab);
        return;
      case "unmount_store":
        this.fileSystems = this.fileSystems.filter(({ mountPoint }) => mountPoint !== one);
        for (const device of this.devices.values()) device.mountPoints = device.mountPoints.filter((at) => at !== one);
        return;
      case "remove_mount_point":
        for (const path of this.kinds.keys()) if (isAbove(two, path)) this.kinds.delete(path);
        return;
      case "grow_store": {
        const mounted = this.fileSystems.find(({ mountPoint }) => mountPoint === two)!;
        const device = [...this.devices.values()].find(({ number }) => number === mounted.device)!;
        mounted.totalBytes = mounted.availableBytes = this.cover(device, one);
        return;
      }
      case "resize_tmpfs": {
        const mounted = this.fileSystems.find(({ mountPoint }) => mountPoint === one)!;
        mounted.totalBytes = mounted.availableBytes = tmpfsBytes(fstab, one);
        return;
      }
      case "remove_folder":
        return;
      case "remove_orphan":
        this.memoryFiles.delete(one);
        return;
      default:
        assert.ok(call === "systemctl" || call === "start_refused", call);
    }
  }

  private mount(path: string, fstab: string): void {
    const entry = parseFstab(fstab).find(({ mountPoint }) => mountPoint === path);
    assert.ok(entry, `fstab has ${path}`);
    if (entry.type === "tmpfs") {
      const bytes = tmpfsBytes(fstab, path);
      this.add({ mountPoint: path, type: "tmpfs", source: "tmpfs", device: "0:99" }, bytes, undefined);
      return;
    }
    const device = [...this.devices.values()].find((each) => entry.source === `UUID=${each.signature["UUID"]}`);
    assert.ok(device, `${entry.source} is on a disk`);
    device.mountPoints.push(path);
    const isDax = device.canDax && entry.options.some((option) => /^dax(=always)?$/.test(option));
    const dax = isDax ? { isDax: true as const } : {};
    const what = { mountPoint: path, type: entry.type, source: device.realPath!, device: device.number, ...dax };
    this.add(what, this.cover(device, entry.type), device.sizeBytes);
  }

  private add(what: Omit<FileSystem, "totalBytes" | "availableBytes">, bytes: number, deviceBytes?: number): void {
    this.fileSystems.push({ ...what, totalBytes: bytes, availableBytes: bytes, deviceBytes });
  }

  /** A file system over all of a device; what is left of it for files. */
  private cover(device: BlockDevice, type: string): number {
    const log = 64 * 1024 ** 2;
    if (type === "xfs") device.xfsLogBytes = log;
    else device.extBytes = device.sizeBytes;
    return device.sizeBytes - log;
  }
}

function tmpfsBytes(fstab: string, path: string): number {
  const entry = parseFstab(fstab).find(({ mountPoint }) => mountPoint === path);
  return Number(/size=(\d+)M/.exec(entry?.options.join(",") ?? "")?.[1]) * 1024 ** 2;
}

function isAbove(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function blankDevice(path: string, number: string, description: DeviceDescription): BlockDevice {
  const { gib: size = 100, signatures = [], ...others } = description;
  const { signature = {}, isAmbivalent } = others;
  const type = signature["TYPE"] ?? signature["PTTYPE"];
  const id = signature["UUID"] ?? signature["PTUUID"];
  const alone = type && `${type}${id === undefined ? "" : ` UUID=${id}`}`;
  return {
    path,
    realPath: "/dev/nvme0n1",
    number,
    identity: `${path} of ${size} GiB`,
    sizeBytes: size * gib,
    isReadOnly: false,
    canDax: false,
    holders: [],
    partitions: [],
    mountPoints: [],
    isSwap: false,
    signature: {},
    isAmbivalent: false,
    content: (isAmbivalent ? undefined : alone) ?? (signatures.join(", ") || undefined),
    busy: undefined,
    isUnfinished: false,
    unknown: undefined,
    extBytes: undefined,
    xfsLogBytes: undefined,
    ...others,
  };
}

function goneDevice(path: string): BlockDevice {
  return { ...blankDevice(path, "", { gib: 0 }), realPath: undefined };
}
