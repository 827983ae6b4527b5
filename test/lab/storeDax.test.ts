import { strict as assert } from "node:assert";
import { CoreHost } from "../support/fault/coreHost";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { itInFullRuns } from "../support/sampled";

const mountPoint = "/srv/store";

describe("a store on persistent memory", function () {
  this.timeout(1_200_000); // Emulated processors, and perhaps not for themselves: for full runs.
  let host: LabHost;
  let core: CoreHost;

  /** Makes a namespace with ndctl, and gives its block device by the name that lasts. */
  async function namespace(mode: string, mib: number): Promise<string> {
    const made = await host.succeed(`ndctl create-namespace --mode=${mode} --size=${mib}M`, { seconds: 120 });
    await host.succeed("udevadm settle");
    return `/dev/disk/by-id/pmem-${(JSON.parse(made) as { uuid: string }).uuid}`;
  }
  const declared = (device: string, others: Record<string, unknown> = {}) => ({
    BackingStore: { device, mountPoint, dax: true, ...others },
  });
  const options = () => host.succeed(`findmnt --noheadings --output FS-OPTIONS ${mountPoint}`);
  /** Pages of a file that the kernel has a copy of in RAM. */
  const copied = async () =>
    Number(
      await host.succeed(
        `dd if=/dev/urandom of=${mountPoint}/file bs=1M count=8 status=none
        fincore --noheadings --bytes --output PAGES ${mountPoint}/file; rm ${mountPoint}/file`,
      ),
    );

  before(async function () {
    this.timeout(30 * 60_000); // The first run on a machine builds the image.
    host = await startLabHost({ kind: "vm", name: "dax" });
    core = new CoreHost(host);
    // A file of its own, and not its image's.
    await host.succeed("cp -a /etc/fstab /etc/x; mv /etc/x /etc/fstab");
  });
  after(() => host?.destroy());

  for (const fileSystem of ["xfs", "ext4"]) {
    const boots = fileSystem === "xfs";
    itInFullRuns(
      `is mounted with DAX as ${fileSystem}, and its files have no copy in RAM${boots ? ", after a boot as well" : ""}`,
      async () => {
        const device = await namespace("fsdax", 480);
        await core.up(declared(device, { fileSystem }));
        assert.match(await options(), /(^|,)dax=always(,|$)/m);
        assert.equal(await copied(), 0);
        if (boots) {
          await host.reboot();
          // By the boot alone: on a busy emulated machine that takes its time.
          await host.waitUntilSucceeds(`mountpoint -q ${mountPoint}`, 400);
          assert.match(await options(), /(^|,)dax=always(,|$)/m);
          assert.equal(await copied(), 0);
          assert.deepEqual(await core.preview(declared(device, { fileSystem })), []);
        }
        await core.destroy(declared(device, { fileSystem }));
        // The next namespace begins at the same place, and would have the same file system on it.
        await host.succeed(`wipefs --quiet --all ${device}; ndctl destroy-namespace --force all`, { seconds: 120 });
      },
    );
  }

  itInFullRuns(
    "is refused on a namespace that the kernel leaves raw, which xfs would mount without a word",
    async () => {
      const device = await namespace("raw", 480);
      const before = await host.succeed("cat /etc/fstab; blkid -p -o export $(ls -d /dev/pmem*) || :");
      await assert.rejects(core.up(declared(device)), /dax \/dev\/disk\/by-id\/pmem-\S+ cannot be mounted with DAX/);
      assert.equal(await host.succeed("cat /etc/fstab; blkid -p -o export $(ls -d /dev/pmem*) || :"), before);

      // What happens without the question: the test of the test.
      await core.up(declared(device, { dax: false }));
      await host.succeed(`umount ${mountPoint}; mount -o dax=always ${device} ${mountPoint}`);
      assert.doesNotMatch(await options(), /dax=always/);
      assert.ok((await copied()) > 0);
      await assert.rejects(core.preview(declared(device)), /cannot be mounted with DAX/);
      await core.destroy(declared(device));
    },
  );
});
