import { strict as assert } from "node:assert";
import { type HostRecord, recordHost } from "../../support/lab/hostRecord";
import type { LabHost } from "../../support/lab/labHost";
import { LabError, retryFor } from "../../support/lab/process";

/** The files of a stock Debian host that decide about file-backed memory. */
export const novaConf = "/etc/nova/nova.conf";
export const novaComputeConf = "/etc/nova/nova-compute.conf";
export const qemuConf = "/etc/libvirt/qemu.conf";

/** Seconds that placement may lag behind nova-compute, which reports once its start is over. */
const placementSeconds = 30;

/** Waits until placement shows this much memory, all of it for guests, each MiB once. */
export async function expectPlacement(host: LabHost, totalMb: number): Promise<void> {
  await retryFor(placementSeconds, `placement of ${host.name}`, async () => {
    const memory = (await host.cloud.placementInventory())["MEMORY_MB"];
    assert.deepEqual(
      { total: memory?.total, reserved: memory?.reserved, ratio: memory?.allocation_ratio },
      { total: totalMb, reserved: 0, ratio: 1 },
    );
  });
}

/** Waits until placement shows the host's RAM, less what Nova reserves of it by default. */
export async function expectRamInPlacement(host: LabHost): Promise<void> {
  await retryFor(placementSeconds, `placement of ${host.name}`, async () => {
    const memory = (await host.cloud.placementInventory())["MEMORY_MB"];
    assert.equal(memory?.reserved, 512);
    assert.ok(await isRam(host, memory.total), `${memory.total} MiB is not the host's RAM`);
  });
}

/** Is this as much as libvirt sees? About: the machine that a lab host is on may give and take RAM at any time. */
async function isRam(host: LabHost, mb: number): Promise<boolean> {
  const kib = Number(/^Memory size:\s+(\d+) KiB$/m.exec(await host.succeed("virsh nodeinfo"))?.[1]);
  return Math.abs(kib / 1024 - mb) < mb / 10;
}

/** The outside record of a host, in which RAM that comes and goes by itself is simply RAM. */
export async function recordOf(host: LabHost): Promise<HostRecord> {
  const record = await recordHost(host);
  const memory = "placement MEMORY_MB";
  const total = Number(/^total (\d+), reserved 512,/.exec(record.entries[memory] ?? "")?.[1]);
  if (await isRam(host, total)) {
    record.entries[memory] = record.entries[memory]!.replace(/^total \d+/, "total RAM");
  }
  return record;
}

/** nova-compute is active and Nova's API calls it up. */
export async function expectNovaUp(host: LabHost): Promise<void> {
  assert.equal((await host.succeed("systemctl is-active nova-compute || :")).trim(), "active");
  // The API believes a service for a minute after its last report, and notices a new one within ten seconds.
  await retryFor(30, "nova-compute is up", async () => {
    assert.deepEqual(await host.cloud.computeServiceState(), { state: "up", status: "enabled" });
  });
}

/** The value in a file's effective line, by grep: no parser of ours. */
export async function lineOf(host: LabHost, file: string, option: string): Promise<string> {
  return (await host.succeed(`grep -E '^ *${option} *=' ${file} | tail -n 1 || :`)).trim();
}

/** Everything of ours that is on the host at this moment. */
export async function traces(host: LabHost): Promise<string[]> {
  const found = await host.succeed(
    "find /var/lib/hostmem -mindepth 1 2>/dev/null || :; [ ! -e /var/lib/hostmem ] || echo /var/lib/hostmem; " +
      "systemctl list-units --all --plain --no-legend 'hostmem-*'; " +
      "find /etc /run -path /run/udev -prune -o -name '*hostmem*' ! -name hostmem.lock -print; " +
      "ls -d /run/hostmem.* 2>/dev/null | grep -v '^/run/hostmem.lock$' || :",
  );
  // The lab's own names; of its disks and ports udev keeps more.
  return found.split("\n").filter((line) => line !== "" && !line.includes("hostmem-disk"));
}

/** A place in the host's journal; what comes after it happened after this call. */
export async function journalPlace(host: LabHost): Promise<string> {
  const cursor = /^-- cursor: (.*)$/m.exec(await host.succeed("journalctl --sync; journalctl -n 1 --show-cursor"))?.[1];
  if (!cursor) throw new LabError(`${host.name} has no journal`);
  return cursor;
}

interface JournalEntry {
  MESSAGE_ID?: string;
  UNIT?: string;
}

// systemd's message catalogue: a start job for a unit has begun, and has finished.
const starting = "7d4958e842da4a758f6c1cdc7b36dcc5";
const started = "39f53479d3a045ac8e11786248231fbf";

/** The units that systemd said this about since a place in the journal, in that order. */
async function unitsSince(host: LabHost, place: string, message: string): Promise<string[]> {
  // Without a filter: with one, journalctl 252 loses the first entry that matches after the cursor.
  const read = `journalctl -q -o json --output-fields=MESSAGE_ID,UNIT --after-cursor='${place}'`;
  const lines = (await host.succeed(`journalctl --sync; ${read}`)).split("\n").filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as JournalEntry)
    .filter((entry) => entry.MESSAGE_ID === message)
    .map((entry) => (entry.UNIT ?? "").replace(/\.service$/, ""));
}

/** The starts of the services of Nova and libvirt since a place in the journal, successful or not, in their order. */
export async function startsSince(host: LabHost, place: string): Promise<string[]> {
  const services = ["libvirtd", "virtqemud", "nova-compute"];
  return (await unitsSince(host, place, starting)).filter((unit) => services.includes(unit));
}

/** How many applies ran on the host since a place in the journal. */
export async function appliesSince(host: LabHost, place: string): Promise<number> {
  return (await unitsSince(host, place, started)).filter((unit) => unit.startsWith("hostmem-apply-")).length;
}

/** Both daemons started after their configuration was last written: they run with what the files say. */
export async function expectDaemonsAsConfigured(host: LabHost): Promise<void> {
  const { entries } = await recordHost(host);
  const libvirt = "daemon virtqemud" in entries ? "virtqemud" : "libvirtd";
  for (const daemon of [libvirt, "nova-compute"]) assert.equal(entries[`daemon ${daemon}`], "as configured", daemon);
}
