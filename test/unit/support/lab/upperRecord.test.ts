import { strict as assert } from "node:assert";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { LabHost } from "../../../support/lab/labHost";
import { compareUpper, recordUpper } from "../../../support/lab/upperRecord";

describe("the record of what was written on a host", () => {
  let upper: string;
  const look = (ignored?: RegExp[]) => recordUpper({ upperDirectory: upper } as LabHost, ignored);
  const write = (file: string, content: string) => {
    fs.mkdirSync(path.dirname(path.join(upper, file)), { recursive: true });
    fs.writeFileSync(path.join(upper, file), content);
  };

  beforeEach(() => {
    upper = fs.mkdtempSync(path.join(os.tmpdir(), "upper-"));
    write("etc/fstab", "one");
  });
  afterEach(() => fs.rmSync(upper, { recursive: true }));

  it("is the same when nothing was written", () => {
    assert.deepEqual(compareUpper(look(), look()), []);
  });

  it("shows another content of the same length", () => {
    const before = look();
    write("etc/fstab", "two");
    const differences = compareUpper(before, look());
    assert.equal(differences.length, 1);
    assert.match(differences[0] ?? "", /^\/etc\/fstab: file .* 3 bytes sha256 .*, now file .* 3 bytes sha256 /);
  });

  it("shows a new file and each folder that it needed", () => {
    const before = look();
    write("srv/guests/leftover", "");
    assert.deepEqual(
      compareUpper(before, look()).map((line) => line.replace(/, now .*/, "")),
      ["/srv: untouched", "/srv/guests: untouched", "/srv/guests/leftover: untouched"],
    );
  });

  it("shows another mode and another target of a link", () => {
    fs.symlinkSync("a", path.join(upper, "link"));
    const before = look();
    fs.chmodSync(path.join(upper, "etc/fstab"), 0o600);
    fs.rmSync(path.join(upper, "link"));
    fs.symlinkSync("b", path.join(upper, "link"));
    assert.equal(compareUpper(before, look()).length, 2);
  });

  it("leaves out what is ignored, with everything below it", () => {
    const before = look([/^\/var\/log\/journal$/]);
    write("var/log/journal/1/system.journal", "");
    const differences = compareUpper(before, look([/^\/var\/log\/journal$/]));
    assert.deepEqual(
      differences.map((line) => line.replace(/:.*/, "")),
      ["/var", "/var/log"],
    );
  });
});
