import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { type BackingStoreArgs, backingStore } from "../../../provider/core/kinds/backingStore";
import { storeUuid } from "../../../provider/core/kinds/storeState";
import { DescribedHost } from "../../support/plans/describedHost";
import { readArgs } from "../../support/plans/planCase";
import { callLibrary, readDevice } from "../../support/store/hostLibrary";
import type { LoopDisk } from "../../support/store/loopDisk";

export const mountPoint = "/var/lib/libvirt/qemu/ram";
/** Of a store. Another run of the tests on this machine must not find its file system. */
export const uuid = storeUuid("the tests", randomUUID());
/** Enough for a store, little enough to be read quickly. */
export const sizeMib = 340;

export function storeArgs(declared: Record<string, unknown>): BackingStoreArgs {
  return readArgs(backingStore as never, declared) as BackingStoreArgs;
}

/** What a preview says of a store on this device of this machine, everything else being right. */
export function preview(device: string, declared: Record<string, unknown> = {}, path?: string, begunOn?: string) {
  const args = storeArgs({ device, allowUnstableDeviceName: true, ...declared });
  const described = new DescribedHost({
    directories: { [mountPoint]: "empty" },
    fileSystems: { "/": { total: 9, free: 9 } },
  });
  const { journal, ...others } = described.facts(backingStore.probes?.(args));
  const store = {
    mountPoint,
    device,
    fileSystem: args.fileSystem!,
    mounted: true,
    files: [],
    unfinished: true,
    ...(begunOn === undefined ? {} : { making: begunOn }),
  } as const;
  const record = { version: 1, owner: args.owner, edits: [], store } as const;
  const objects = new Map(begunOn !== undefined ? [["BackingStore", record]] : []) as unknown as typeof journal.objects;
  const facts = {
    ...others,
    journal: { ...journal, objects },
    devices: new Map([[device, readDevice(device, path).device]]),
  };
  const { problems, plan } = backingStore.evaluate(args, facts, { recorded: undefined, planned: [] });
  return { said: problems.map(({ path, message }) => `${path}: ${message}`), steps: plan.steps };
}

/** Text with what differs from run to run taken out. */
export function tidy(text: string, { device }: LoopDisk): string {
  return text
    .replaceAll(device, "DISK")
    .replace(/UUID=[\w-]+/g, "UUID=…")
    .replace(/sha256:\w+/g, "sha256:…")
    .replace(/ at 0x[0-9a-f]{4,}/g, " at 0x…");
}

/** Both the preview and the host's own check refuse, and neither has written a byte. */
export function assertRefused(
  disk: LoopDisk,
  said: string,
  declared: Record<string, unknown> = {},
  consent = "",
): void {
  const before = disk.hash();
  assertSaid(disk, said, declared, consent);
  assert.equal(disk.hash(), before);
}

export function assertSaid(disk: LoopDisk, said: string, declared: Record<string, unknown> = {}, consent = ""): void {
  assert.deepEqual(
    preview(disk.device, declared).said.map((each) => tidy(each, disk)),
    [`device: ${said}`],
  );
  const check = callLibrary("make_file_system", "xfs", disk.device, uuid, consent);
  assert.equal(check.ok, false);
  assert.notEqual(check.failed, "");
}
