import { resolve } from "node:path";
import type { LabHost } from "../../support/lab/labHost";

/** Where its program leaves its mark in the guest's memory, and counts behind it. */
const markAt = 0x200000;
const kernelFile = "/var/lib/hostmem-guest.bin";
const novaScript = "/root/destination.py";
/** The XML that a guest is to have where it goes. */
const thereFile = "/run/there.xml";

/**
 * What a guest runs: a kernel by the Multiboot specification, of one loop. It writes a mark once and then counts, so that
 * memory that came from elsewhere is told from memory of a guest that was started anew.
 */
function kernelWith(mark: number): Buffer {
  const loadAddress = 0x100000;
  const flags = 0x10000; // The header says where to load, so that the file need not be ELF.
  const magic = 0x1badb002;
  const header = [magic, flags, -(magic + flags) >>> 0, loadAddress, loadAddress, 0, 0, loadAddress + 32];
  const code = Buffer.from([
    ...[0xc7, 0x05, ...littleEndian(markAt), ...littleEndian(mark)], // mov dword [markAt], mark
    ...[0xff, 0x05, ...littleEndian(markAt + 4)], // again: inc dword [markAt + 4]
    ...[0xf3, 0x90, 0xeb, 0xf6], // pause; jmp again
  ]);
  const kernel = Buffer.alloc(8192); // As much as QEMU looks through for a header.
  kernel.set(Buffer.concat([Buffer.from(header.flatMap(littleEndian)), code]));
  return kernel;
}

function littleEndian(value: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return [...bytes];
}

/** Where a guest has its memory. */
export type Backing = "files" | "ram";

const backings: Record<Backing, string> = {
  files:
    "<memoryBacking><source type='file'/><access mode='shared'/><allocation mode='immediate'/><discard/></memoryBacking>",
  ram: "",
};

/** As Nova describes a guest, as far as its memory and its owner are concerned. */
const description = (name: string, id: string, backing: Backing) => `<domain type='qemu'>
  <name>${name}</name><uuid>${id}</uuid>
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:name>traveller</nova:name>
      <nova:flavor name="m64"><nova:memory>64</nova:memory></nova:flavor>
    </nova:instance>
  </metadata>
  <memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><kernel>${kernelFile}</kernel></os>
  ${backings[backing]}
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
</domain>`;

/** A guest of libvirt's alone that goes from host to host with the steps and the XML of a migration by Nova. */
export class MigratingGuest {
  readonly name = "instance-0000002a";
  readonly id = "5f0a2cf2-1f0a-4d0e-9f3b-8d2c6c1f7a01";
  private readonly mark = 0x6d656d31;

  /** Each host has a program under the same name, and a mark of its own in it: the guest's must be that of the first one. */
  async prepare(hosts: readonly LabHost[]): Promise<void> {
    for (const [index, host] of hosts.entries()) {
      await host.writeFile(kernelFile, kernelWith(this.mark + index), { mode: "644" });
      await host.copyTo(resolve(__dirname, "../../../../test/support/novaMigration/destination.py"), novaScript);
    }
  }

  async start(host: LabHost, backing: Backing): Promise<void> {
    await host.succeed("cat > /run/guest.xml; virsh -q define /run/guest.xml", {
      input: description(this.name, this.id, backing),
    });
    await host.succeed(`virsh -q start ${this.name}`, { seconds: 300 });
    await host.waitUntilSucceeds(`${this.dump} | grep -q ': ${hex(this.mark)} '`, 120);
  }

  /** Ends it, and with it all that libvirt knows of it. */
  async end(host: LabHost): Promise<void> {
    await host.succeed(`virsh -q destroy ${this.name}; virsh -q undefine ${this.name}`);
  }

  /**
   * Migrates it live, as Nova has libvirt do it: from host to host, with the XML for there that Nova's own code makes.
   *
   * @param wants where its memory is to be there; undefined for the XML that it has here.
   * @returns the XML for there.
   */
  async migrate(from: LabHost, address: string, wants: Backing | undefined): Promise<string> {
    const there = await this.describeThere(from, wants);
    await from.succeed(this.migration(address), { seconds: 300 });
    return there;
  }

  /**
   * The same where libvirt must not do it.
   *
   * @returns the XML for there, and what virsh said.
   */
  async failToMigrate(from: LabHost, address: string, wants: Backing): Promise<{ there: string; said: string }> {
    const there = await this.describeThere(from, wants);
    return { there, said: await from.fail(this.migration(address), { seconds: 300 }) };
  }

  private async describeThere(from: LabHost, wants: Backing | undefined): Promise<string> {
    const change = wants === undefined ? "cat" : `python3 ${novaScript} ${wants}`;
    await from.succeed(`virsh dumpxml --migratable ${this.name} | ${change} > ${thereFile}`, { seconds: 300 });
    return from.readFile(thereFile);
  }

  private migration(address: string): string {
    return `virsh migrate --live --p2p --persistent --undefinesource --timeout 240 --timeout-suspend \\
      --xml ${thereFile} --persistent-xml ${thereFile} --migrateuri tcp://${address} --listen-address ${address} \\
      ${this.name} qemu+tcp://${address}/system`;
  }

  /** Shell text that prints what the running guest has in its memory: mark and count. */
  private get dump(): string {
    return `virsh qemu-monitor-command ${this.name} --hmp 'xp /2xw ${hex(markAt)}'`;
  }

  /** Whether the first host's mark is there, and how far it has counted. */
  async memory(host: LabHost): Promise<{ isOurs: boolean; count: number }> {
    const [, mark, count] = /: (0x[0-9a-f]{8}) (0x[0-9a-f]{8})/.exec(await host.succeed(this.dump)) ?? [];
    return { isOurs: Number(mark) === this.mark, count: Number(count) };
  }

  /** Which of these QEMU has mapped, by the kernel: files that hold guests' memory, and how. */
  async mappedFiles(host: LabHost): Promise<string[]> {
    const maps = await host.succeed(`cat /proc/$(cat /run/libvirt/qemu/${this.name}.pid)/maps`);
    const found = maps
      .split("\n")
      .flatMap((line) => /^\S+ (rw-[sp]) .* (\/\S*\.ram)$/.exec(line)?.slice(1).join(" ") ?? []);
    // The kernel cuts a mapping where parts of it are advised otherwise.
    return [...new Set(found)];
  }

  /** What libvirt says of its memory: names of the elements below memoryBacking, of the guest that runs and of its next start. */
  async backing(host: LabHost): Promise<{ now: string[]; next: string[] }> {
    const [now, next] = await Promise.all(
      ["", "--inactive"].map((which) => host.succeed(`virsh dumpxml ${which} ${this.name}`)),
    );
    return { now: backingIn(now!), next: backingIn(next!) };
  }

  /** Is it there, running or only defined? */
  async state(host: LabHost): Promise<string> {
    const result = await host.execute(`virsh -q domstate ${this.name}`);
    return result.exitCode === 0 ? result.stdout.trim() : "not there";
  }
}

/** Names of the elements below memoryBacking. */
export function backingIn(xml: string): string[] {
  const inside = /<memoryBacking>([\s\S]*?)<\/memoryBacking>/.exec(xml)?.[1] ?? "";
  return [...inside.matchAll(/<(\w+)/g)].map(([, name]) => name!).sort();
}

const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
