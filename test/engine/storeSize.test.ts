import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canGrow, promisedBytes } from "../../provider/core/kinds/storeSize";
import { installOnMachine } from "../support/machinePackages";
import { keepSome } from "../support/sampled";
import { callLibrary, readDevice } from "../support/store/hostLibrary";
import { LoopDisk, onDisk } from "../support/store/loopDisk";

const uuid = "11111111-2222-5333-8444-555555555555";
const mib = 1024 ** 2;

/** CAP_SYS_RESOURCE is number 24. */
const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
const mayUseResources = ((BigInt(`0x${capabilities}`) >> 24n) & 1n) === 1n;

describe("a store that was made on a disk of this machine", function () {
  this.timeout(120_000);
  before(() => installOnMachine({ "mkfs.ext4": "e2fsprogs", "mkfs.xfs": "xfsprogs" }));

  for (const fileSystem of ["ext4", "xfs"] as const) {
    for (const [from, to] of [
      [320, 400],
      [1024, 1537],
      [20_000, 60_001],
      [1_000_000, 2_000_000],
    ] as const) {
      it(`as ${fileSystem} on ${from} MiB holds what was promised, and so it does when it grew to ${to} MiB`, () => {
        const disk = LoopDisk.make(from);
        const folder = mkdtempSync(join(tmpdir(), "hostmem-store-"));
        try {
          const made = callLibrary("make_file_system", fileSystem, disk.device, uuid, "");
          assert.equal(made.ok, true, made.output);
          onDisk(`mount $1 ${folder}`, disk.device);
          assertHolds(promisedBytes(from * mib));
          assert.equal(canGrow(observed()), false);

          disk.grow(to);
          assert.equal(canGrow(observed()), true);
          grow(disk.device);
          assert.equal(canGrow(observed()), false);
          assertHolds(promisedBytes(to * mib));
        } finally {
          disk.remove();
          rmdirSync(folder);
        }

        /** The kernel lets only CAP_SYS_RESOURCE grow a mounted ext4, which root of a container need not have. */
        function grow(device: string): void {
          const grown = callLibrary("grow_store", fileSystem, folder);
          if (fileSystem === "ext4" && !mayUseResources) {
            assert.match(grown.output, /Permission denied to resize filesystem/);
            // Mount namespaces that began meanwhile may have it for a moment longer.
            const check = "for try in $(seq 50); do ! e2fsck -fp $1 >/dev/null || break; sleep 0.2; done";
            onDisk(`umount $1; ${check}; resize2fs $1; mount $1 ${folder}`, device);
          } else assert.equal(grown.ok, true, grown.output);
        }

        function observed() {
          const { device, fileSystems } = readDevice(disk.device);
          const mounted = fileSystems.find(({ mountPoint }) => mountPoint === folder);
          assert.equal(mounted?.device, device.number);
          return { device, mounted, isMounted: true, isMadeByUs: true } as Parameters<typeof canGrow>[0];
        }

        /** For QEMU, which is not root, in one file. */
        function assertHolds(bytes: number): void {
          const free = Number(onDisk(`stat -f -c '%a %S' ${folder} | awk '{ print $1 * $2 }'`, disk.device));
          assert.ok(free >= bytes, `${free} free, ${bytes} promised`);
          assert.ok(bytes > 0.9 * free || from === 320, `${free} free, only ${bytes} promised`);
        }
      });
    }
  }

  keepSome(this, "sizes of a store", 3);
});
