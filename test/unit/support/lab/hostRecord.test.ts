import { strict as assert } from "node:assert";
import { assertSameRecord, compareRecords } from "../../../support/lab/hostRecord";

const record = (entries: Record<string, string>, texts: Record<string, string> = {}) => ({ entries, texts });

describe("two records of a host", () => {
  it("that are the same have no difference", () => {
    const one = record({ "mount /": "overlay rw", "unit ssh.service": "active running" });
    assert.deepEqual(compareRecords(one, structuredClone(one)), []);
    assertSameRecord(one, structuredClone(one));
  });

  it("show what is new, gone and changed, in words", () => {
    const before = record({ "mount /mnt": "disk0 xfs", "unit a.service": "active running" });
    const after = record({ "unit a.service": "failed failed", "swap /dev/disk1": "on" });
    assert.deepEqual(compareRecords(before, after), [
      "mount /mnt: gone, was disk0 xfs",
      "swap /dev/disk1: new, on",
      "unit a.service: was active running, is failed failed",
    ]);
    assert.throws(() => assertSameRecord(before, after), /not as it was[\s\S]*failed failed/);
  });

  it("show the lines of a text file that changed", () => {
    const before = record({ "file /etc/fstab": "sha256 1" }, { "file /etc/fstab": "# table\n/dev/a / ext4\n" });
    const after = record({ "file /etc/fstab": "sha256 2" }, { "file /etc/fstab": "# table\n/dev/b / ext4\n" });
    const [difference] = compareRecords(before, after);
    assert.equal(difference, "file /etc/fstab: was sha256 1, is sha256 2\n    - /dev/a / ext4\n    + /dev/b / ext4");
  });

  it("leave out the differences that were allowed, and no others", () => {
    const before = record({ "file /etc/mtab": "1", "file /etc/mtab.d": "1" });
    const after = record({ "file /etc/mtab": "2", "file /etc/mtab.d": "2" });
    assert.deepEqual(compareRecords(before, after, [/^file \/etc\/mtab:/]), ["file /etc/mtab.d: was 1, is 2"]);
  });
});
