import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectFileSystems, parseFileSystems } from "../../provider/core/facts/fileSystems";
import { Sections, sectionPrelude } from "../../provider/core/facts/sections";
import { quote } from "../../provider/core/quote";

const nonce = "0123456789abcdef0123456789abcdef";

/** Mount points that the kernel's table has in octal, some with a digit behind that. */
const names = [
  "plain",
  "disk 1",
  "two  blanks",
  "tab\t0",
  "back\\slash",
  "back\\0",
  "hash#7",
  "umlaut-\u00e4",
  "nbsp\u00a0",
  "a\rb",
];

describe("the file systems of a host", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-mounts-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are read-only where the mount is, or the file system below it", () => {
    const points = ["writable", "mount", "whole", "back"].map((name) => join(folder, name));
    for (const point of points) mkdirSync(point);
    const [writable, mount, whole, back] = points.map(quote);
    const mounts = `for point in ${writable} ${whole} ${back}; do mount -t tmpfs -o size=1M tmpfs "$point"; done
      mount --bind ${writable} ${mount}; mount -o remount,bind,ro ${mount}; mount -o remount,ro ${whole}
      mount -o remount,ro ${back}; mount -o remount,rw ${back}\n`;
    const script = `${mounts}${sectionPrelude(nonce)}${collectFileSystems}section end\n`;
    const done = spawnSync("unshare", ["--mount", "sh", "-s"], { input: script, timeout: 60_000 });
    const found = parseFileSystems(Sections.parse("host", nonce, done.stdout.toString("latin1")));
    const readOnly = points.map((point) => found.find(({ mountPoint }) => mountPoint === point)?.isReadOnly ?? false);
    assert.deepEqual(readOnly, [false, true, true, false], done.stderr.toString());
  });

  for (const shell of ["sh", "bash"]) {
    it(`are found with their sizes under ${shell}, whatever is in the name of a mount point`, () => {
      const points = names.map((name) => join(folder, name));
      for (const point of points) mkdirSync(point);
      // Mounts of its own, which end with it.
      const mounts = points.map((point) => `mount -t tmpfs -o size=1M tmpfs ${quote(point)} || exit 1\n`).join("");
      const script = `${mounts}${sectionPrelude(nonce)}${collectFileSystems}section end\n`;
      const done = spawnSync("unshare", ["--mount", shell, "-s"], { input: script, timeout: 60_000 });
      assert.equal(done.status, 0, done.stderr.toString());
      const found = parseFileSystems(Sections.parse("host", nonce, done.stdout.toString("latin1")));
      const ours = found.filter(({ mountPoint }) => mountPoint.startsWith(`${folder}/`));
      assert.deepEqual(
        ours.map(({ mountPoint, totalBytes }) => [mountPoint, totalBytes]),
        points.map((point) => [point, 2 ** 20]),
      );
    });
  }
});
