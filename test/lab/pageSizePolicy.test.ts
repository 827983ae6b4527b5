import { strict as assert } from "node:assert";
import { emptyPool, pagesInPool } from "../support/lab/pages";
import { compareUpper, recordUpper } from "../support/lab/upperRecord";
import { sampled } from "../support/sampled";
import { holdPages, refusePages, releasePages } from "./support/hugePages";
import { errorsOf, hostLines, hostWarnings } from "./support/labStack";
import { expectNovaUp, journalPlace, novaConf, startsSince, traces } from "./support/novaState";
import { clearTheWay, putInTheWay } from "./support/obstacles";
import { pagedHost } from "./support/pagedHost";
import { programOf } from "./support/programs";

const pool = (count: number) => ({ size: "2 MiB", node: 0, count });
const sized = (size: string) => ({ "hw:mem_page_size": size });
const unit = "hostmem-huge-pages.service";

describe("PageSizePolicy on a real Nova", function () {
  this.timeout(600_000); // Up to eight guests, on a machine that may do other things as well.
  const on = pagedHost();
  /** Proved in a full run, and some of it in any other. */
  const drawable: { name: string; prove: () => Promise<void> }[] = [];
  const sometimes = (name: string, prove: () => Promise<void>) => drawable.push({ name, prove });

  it("gives guests the allowed sizes and no other, and takes all of it back", async () => {
    on.declare({ allowed: ["small", "2 MiB"], pools: [pool(12)] });
    const upper = recordUpper(on.host);
    const preview = await on.stack.preview();
    const [pools, boot, reserve, ...rest] = hostLines(preview);
    assert.equal(pools, "set pool of 2 MiB pages on node 0 to 12 (was 0)");
    assert.equal(boot, `set at boot by ${unit}: 12 x 2 MiB pages on node 0`);
    assert.match(reserve!, /^add \[DEFAULT\] reserved_huge_pages = node:0,size:1048576,count:\d+ in /);
    assert.deepEqual(rest, ["restart nova-compute"]);
    assert.deepEqual(compareUpper(upper, recordUpper(on.host)), []);
    assert.equal(pagesInPool(), 0);

    const place = await journalPlace(on.host);
    await on.stack.up();
    assert.deepEqual(await startsSince(on.host, place), ["nova-compute"]);
    await expectNovaUp(on.host);
    assert.equal(pagesInPool(), 12);
    assert.match((await on.reservations()).join("\n"), /^node:0,size:1048576,count:\d+$/);
    assert.equal((await on.host.succeed(`systemctl is-enabled ${unit}`)).trim(), "enabled");
    const outputs = await on.stack.outputsOf("PageSizePolicy");
    assert.deepEqual([outputs?.["enforcement"], outputs?.["gaps"]], ["host", []]);
    await on.stack.preview({ expectNoChanges: true });
    await on.stack.refresh({ expectNoChanges: true });

    await on.promises("small and 2 MiB", [
      [sized("small"), "ordinary"],
      [sized("large"), "2048"],
      [sized("2MB"), "2048"],
      [sized("any"), "2048"],
      [sized("1GB"), "ERROR"],
      [{}, "ordinary"],
    ]);
    await on.stack.destroy();
    assert.equal(await on.host.readFile(novaConf), on.pristine);
  });

  it("small keeps huge pages for others, and large says which guests get ordinary pages all the same", async () => {
    on.declare({ allowed: "small", pools: [pool(12)] });
    await on.stack.up();
    await on.promises("small", [
      [sized("small"), "ordinary"],
      [sized("any"), "ordinary"],
      [sized("large"), "ERROR"],
      [sized("2048"), "ERROR"],
    ]);
    assert.equal((await on.stack.outputsOf("PageSizePolicy"))?.["enforcement"], "host");

    on.declare({ allowed: "large", pools: [pool(12)] });
    const preview = await on.stack.preview();
    assert.match(hostWarnings(preview)[0] ?? "", /^the host alone cannot keep to this: guests without/);
    await on.stack.up();
    await on.promises("large", [
      [sized("small"), "ERROR"],
      [sized("any"), "2048"],
      [sized("large"), "2048"],
      [{}, "ordinary"],
      [{ "hw:numa_nodes": "1" }, "ordinary"],
    ]);
    const outputs = await on.stack.outputsOf("PageSizePolicy");
    assert.equal(outputs?.["enforcement"], "partial");
    const gaps = outputs?.["gaps"] as { guests: string }[];
    assert.equal(gaps.length, 3);
    assert.match(gaps[0]!.guests, /^without hw:mem_page_size/);
    assert.match(gaps[1]!.guests, /^with hw:numa_nodes/);
  });

  sometimes("sets the pools again when the host boots, before libvirt and Nova", async () => {
    on.declare({ pools: [pool(7)] });
    await on.stack.up();
    await on.host.stop();
    emptyPool();
    await on.host.start();
    assert.equal(pagesInPool(), 7);
    const entered = (unit: string, state: string) =>
      on.host.succeed(`systemctl show -p ${state}TimestampMonotonic --value ${unit}`).then(Number);
    const done = await entered(unit, "ActiveEnter");
    assert.ok(done > 0);
    for (const later of ["libvirtd.service", "nova-compute.service"]) {
      assert.ok(done < (await entered(later, "InactiveExit")), later);
    }
    await expectNovaUp(on.host);
    await on.stack.preview({ expectNoChanges: true });
    await on.host.succeed("systemctl start virtlogd");
  });

  sometimes("puts a changed pool and a removed line right again", async () => {
    on.declare({ allowed: ["small", "2 MiB"], pools: [pool(6)] });
    await on.stack.up();
    await on.host.succeed(`echo 2 > /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages`);
    await on.host.succeed(`sed -i '/^reserved_huge_pages/d' ${novaConf}`);
    const lines = hostLines(await on.stack.preview());
    assert.equal(lines[0], "set pool of 2 MiB pages on node 0 to 6 (was 2)");
    assert.equal(lines.length, 3);
    await on.stack.up();
    assert.equal(pagesInPool(), 6);
    assert.equal((await on.reservations()).length, 1);
  });

  sometimes("leaves lines of others where they are, and adds only what they lack", async () => {
    const theirs = ["reserved_huge_pages = node:0,size:2048,count:3", "reserved_huge_pages = node:0,size:1GB,count:99"];
    await on.host.writeFile(novaConf, on.pristine.replace("[DEFAULT]\n", `[DEFAULT]\n${theirs.join("\n")}\n`));
    on.undo.push(
      () => on.restoreConfiguration(),
      () => on.stack.destroy(),
    );
    on.declare({ allowed: "small", pools: [pool(12)] });
    await on.stack.up();
    assert.match(
      (await on.reservations()).join(" "),
      /^node:0,size:2048,count:3 node:0,size:1GB,count:99 node:0,size:2048,count:\d+$/,
    );
    await on.promises("small, beside lines of others", [[sized("2048"), "ERROR"]]);
    await on.stack.destroy();
    assert.deepEqual(
      await on.reservations(),
      theirs.map((line) => line.split(" = ")[1]),
    );
  });

  sometimes("never takes pages away that somebody uses, nor lets a destroy do so", async () => {
    on.declare({ pools: [pool(6)] });
    await on.stack.up();
    await holdPages(on.host, 4);
    on.undo.push(() => releasePages(on.host));
    on.declare({ pools: [pool(3)] });
    const refused = errorsOf(await on.stack.failingPreview());
    assert.match(refused, /4 of the 2 MiB pages on node 0 are in use, and 3 would be left; they are never taken away/);
    assert.match(refused, /In use by ovs-vswitchd \(pid \d+, 8 MiB\)/);
    assert.notEqual((await on.stack.destroy({ mustSucceed: false })).code, 0);
    assert.equal(pagesInPool(), 6);
    on.declare({ pools: [pool(4)] });
    await on.stack.up();
    assert.equal(pagesInPool(), 4);
  });

  sometimes("says how many pages the kernel gave, and leaves nothing half done", async () => {
    on.declare({ allowed: "small", pools: [pool(6)] });
    await on.host.succeed(`echo 2 > /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages`);
    on.undo.push(
      async () => emptyPool(),
      () => on.stack.destroy(),
    );
    const giveAgain = await refusePages(on.host);
    on.undo.push(giveAgain);
    const failed = errorsOf(await on.stack.failingUp());
    assert.match(failed, /the kernel gave 2 of 6 pages of 2048 KiB on node 0, even after compaction/);
    assert.equal(await on.host.readFile(novaConf), on.pristine);
    await giveAgain();
    await on.stack.up();
    assert.equal(pagesInPool(), 6);
    await on.stack.destroy();
    assert.equal(pagesInPool(), 2, "as it was before");
  });

  sometimes("takes pools, unit and lines back when Nova does not come up with them", async () => {
    const refuse = [
      `if "\\nreserved_huge_pages" in open("${novaConf}").read():`,
      '    os.environ["OS_DEFAULT__RAM_ALLOCATION_RATIO"] = "none"',
    ];
    await putInTheWay(on.host, refuse.join("\n"));
    on.undo.push(() => clearTheWay(on.host));
    on.declare({ allowed: "small", pools: [pool(6)] });
    const failed = errorsOf(await on.stack.failingUp());
    assert.match(failed, /the change was taken back and the services run as before/);
    assert.equal(pagesInPool(), 0);
    assert.equal(await on.host.readFile(novaConf), on.pristine);
    assert.deepEqual(await traces(on.host), []);
    assert.equal(await on.stack.outputsOf("PageSizePolicy"), undefined);
    await expectNovaUp(on.host);
  });

  sometimes("leaves pools to the kernel's command line and a reboot that it does not bring about", async () => {
    // The lab's hosts have no boot loader: this one only tells what grub-mkconfig would read.
    const tool = "/usr/sbin/update-grub";
    await on.host.writeFile(
      tool,
      `#!/bin/sh\nGRUB_CMDLINE_LINUX=quiet\nfor each in /etc/default/grub.d/*.cfg; do [ ! -e "$each" ] || . "$each"; done\necho "$GRUB_CMDLINE_LINUX" > /run/grub\n`,
      { mode: "0755" },
    );
    on.undo.push(
      () => on.host.succeed(`rm -f ${tool} /run/grub`),
      () => on.stack.destroy(),
    );
    on.declare({ pools: [pool(3)], atBoot: "kernel-command-line" });
    const place = await journalPlace(on.host);
    await on.stack.up();
    assert.equal(await on.host.readFile("/run/grub"), "quiet hugepagesz=2M hugepages=0:3\n");
    assert.equal(pagesInPool(), 0);
    assert.deepEqual(await startsSince(on.host, place), []);
    assert.equal((await on.stack.outputsOf("PageSizePolicy"))?.["rebootNeeded"], true);
    await on.stack.preview({ expectNoChanges: true });
    await on.stack.destroy();
    assert.equal(await on.host.readFile("/run/grub"), "quiet\n");
  });

  sometimes("is refused beside file-backed memory, in whichever order the two come", async () => {
    const memory = { capacity: "1 GiB" };
    on.stack.project.setProgram(programOf({ memory, pages: { allowed: "small" } }));
    assert.match(errorsOf(await on.stack.failingPreview()), /cannot be kept beside file-backed memory \(1 GiB\)/);
    on.declare({ allowed: "small" });
    await on.stack.up();
    on.stack.project.setProgram(programOf({ memory, pages: { allowed: "small" } }));
    assert.match(errorsOf(await on.stack.failingPreview()), /is of no use beside the PageSizePolicy of this host/);
  });

  sometimes("shares one restart with file-backed memory, whose hosts keep huge pages for others", async () => {
    const memory = { capacity: "1 GiB", activation: "deferred" };
    const pages = { pools: [pool(3)], activation: "deferred" };
    on.stack.project.setProgram(programOf({ memory, pages, activation: {} }));
    const place = await journalPlace(on.host);
    await on.stack.up();
    assert.deepEqual(await startsSince(on.host, place), ["nova-compute"]);
    assert.equal(pagesInPool(), 3);
    await on.promises("file-backed memory", [
      [sized("2048"), "ERROR"],
      [{}, "ordinary"],
    ]);
    await on.stack.preview({ expectNoChanges: true });
  });

  for (const { name, prove } of sampled("page sizes on a real Nova", drawable, 2)) it(name, prove);
});
