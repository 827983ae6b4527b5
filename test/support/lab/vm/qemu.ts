import * as path from "node:path";
import { agentPorts, agentSocket } from "./agent";

const mebibyte = 1024 ** 2;

/** MiB of each of the two NUMA nodes. */
export const nodeMib = 1280;
/** How many spare disks a machine has, of how many bytes. */
export const spareDisks = 4;
export const spareDiskBytes = 1024 * mebibyte;
const labelMib = 2;
/** ndctl wants regions of whole multiples of 16 MiB: what is left without the labels has to be one. */
export const nvdimmMib = 1024 + labelMib;

/** What differs between one start of a machine and another. */
export interface QemuOptions {
  /** The folder of its disks and sockets. */
  folder: string;
  /** The folder of kernel and initrd. */
  bootFolder: string;
  /** Files to take its memory from: written to, or pages copied as soon as they are. Without: memory of its own. */
  memory?: { folder: string; mode: "write" | "copy" };
  /** Its interface on this machine, if it has a network. */
  interface?: string;
  /** Spare disks that are not plugged in, by their index. */
  unplugged?: number[];
  /** Waits for the state of a machine of the same shape instead of booting. */
  incoming?: boolean;
}

/** The name of the root disk in the folder of an image. */
export const rootDiskFile = "root.img";

/** The files of a machine, in its folder. */
export const machineFiles = {
  root: "root.qcow2",
  nvdimm: "nvdimm",
  memory: ["memory0", "memory1"],
  qmp: "qmp",
  /** What is saved of a stopped machine beside its disks and its memory. */
  state: "state",
  /** What its kernel says. */
  serial: "serial.log",
  disk: (index: number) => path.join("disks", `disk${index}`),
};

/** The command line of one machine. Everything but the options is the same for all, so that states fit. */
export function qemuArguments(options: QemuOptions): string[] {
  const inside = (file: string) => path.join(options.folder, file);
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-rtc", "base=utc"],
    // This machine may have a /dev/kvm that does not work for guests: emulation always does.
    ...["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-machine", "q35,nvdimm=on,hpet=off"],
    ...["-smp", "2,sockets=2", "-m", `${2 * nodeMib},slots=2,maxmem=8G`],
    ...memoryArguments(options),
    ...["-object", `memory-backend-file,id=nvdimm,share=on,mem-path=${inside(machineFiles.nvdimm)},size=${nvdimmMib}M`],
    ...["-device", `nvdimm,id=nvdimm0,memdev=nvdimm,label-size=${labelMib}M,node=1`],
    ...diskArguments("root", inside(machineFiles.root), "qcow2", "HOSTMEM_LAB_ROOT", "0x4"),
    ...["-device", "virtio-serial-pci,addr=0x5"],
    ...range(agentPorts).flatMap((port) => [
      ...["-chardev", `socket,id=agent${port},path=${agentSocket(options.folder, port)},server=on,wait=off`],
      ...["-device", `virtserialport,chardev=agent${port},name=hostmem.${port}`],
    ]),
    ...range(spareDisks)
      .filter((index) => !options.unplugged?.includes(index))
      .flatMap((index) =>
        diskArguments(`disk${index}`, inside(machineFiles.disk(index)), "raw", serialOf(index), `0x${8 + index}`),
      ),
    ...["-device", "virtio-rng-pci,addr=0x6"],
    ...(options.interface
      ? ["-netdev", `tap,id=network,ifname=${options.interface},script=no,downscript=no`]
      : // A port of a hub is there and leads nowhere.
        ["-netdev", "hubport,id=network,hubid=0"]),
    ...["-device", "virtio-net-pci,addr=0x7,netdev=network,romfile=,mac=52:54:00:00:02:13"],
    ...["-kernel", path.join(options.bootFolder, "kernel"), "-initrd", path.join(options.bootFolder, "initrd")],
    ...["-append", "console=ttyS0 quiet net.ifnames=0 mitigations=off"],
    ...["-serial", `file:${inside(machineFiles.serial)}`],
    ...["-qmp", `unix:${inside(machineFiles.qmp)},server=on,wait=off`],
    ...(options.incoming ? ["-incoming", "defer"] : []),
  ];
}

function memoryArguments({ memory }: QemuOptions): string[] {
  return machineFiles.memory.flatMap((file, node) => {
    const where =
      memory && `share=${memory.mode === "write" ? "on" : "off"},mem-path=${path.join(memory.folder, file)}`;
    const backend = where ? `memory-backend-file,${where}` : "memory-backend-ram";
    return [
      ...["-object", `${backend},id=node${node},size=${nodeMib}M`],
      ...["-numa", `node,nodeid=${node},cpus=${node},memdev=node${node}`],
    ];
  });
}

/**
 * A virtio disk. Flushing is left to this machine's kernel, which survives the emulator's sudden end: what the machine
 * had flushed is kept, what it had only in its own memory is lost, as in a power cut.
 */
function diskArguments(id: string, file: string, format: string, serial: string, address: string): string[] {
  return [
    "-drive",
    `if=none,id=${id},file=${file},format=${format},cache=unsafe,discard=unmap`,
    "-device",
    `virtio-blk-pci,drive=${id},serial=${serial},addr=${address}`,
  ];
}

/** The serial number of a spare disk: udev's name for it in /dev/disk/by-id is `virtio-` and this. */
export function serialOf(index: number): string {
  return `HOSTMEM_LAB_000${index + 1}`;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
