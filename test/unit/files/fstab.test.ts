import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { applySplices } from "../../../provider/core/files/edit";
import { fstabLine, parseFstab, setEntry, undoEntry, withSource } from "../../../provider/core/files/fstab";

const path = "/etc/fstab";

/** Bytes of paths and sources, with those that fstab(5) writes in octal. */
const field = fc.string({
  unit: fc.constantFrom(..."abz09/-_.=:# \t\\\n"),
  minLength: 1,
  maxLength: 12,
});
const blank = fc.constantFrom(" ", "\t", "  \t ");
const goodLine = fc
  .tuple(field, field, fc.constantFrom("ext4", "xfs", "auto"), fc.constantFrom("defaults", "nofail,ro"), blank)
  .map(([source, target, type, options, gap]) => fstabLine(source, target, type, [options]).replaceAll(" ", gap));
const otherLine = fc.constantFrom("", "   ", "# a comment", "  # another", "\t#", "#UUID=1 /mnt ext4 defaults 0 0");
const file = fc
  .tuple(fc.array(fc.oneof(goodLine, otherLine), { maxLength: 8 }), fc.constantFrom("", "\n"))
  .map(([lines, end]) => lines.join("\n") + end);

describe("reading fstab", () => {
  it("gives the fields of an entry, blanks and octal escapes included", () => {
    const [entry] = parseFstab("  UUID=0b1c\t/srv/guest\\040memory \t xfs  nofail,x-systemd.device-timeout=90s 0 2\n");
    assert.deepEqual(
      { ...entry, raw: undefined },
      {
        source: "UUID=0b1c",
        mountPoint: "/srv/guest memory",
        type: "xfs",
        options: ["nofail", "x-systemd.device-timeout=90s"],
        offset: 0,
        length: 80,
        raw: undefined,
      },
    );
  });

  it("passes over comments and empty lines, and takes a last line without an ending", () => {
    const text = "# one\n\n   \n\t# two\n/dev/sda1 / ext4\n/dev/sdb1 /mnt xfs noauto 0 0";
    assert.deepEqual(
      parseFstab(text).map(({ mountPoint, options }) => [mountPoint, options.join(",")]),
      [
        ["/", "defaults"],
        ["/mnt", "noauto"],
      ],
    );
  });

  it("passes over lines that libmount takes for broken", () => {
    const broken = [
      "this is a line of too many words",
      "UUID=1 /srv xfs ro x",
      "UUID=1 /srv xfs ro 0 # a comment where a number must be",
      "UUID=1 /srv xfs ro 1x 0",
      "UUID=1 /srv xfs ro 99999999999999999999 0",
      "UUID=1 /srv\0 xfs ro 0 0",
      "UUID=1 /srv",
    ];
    assert.deepEqual(parseFstab(`${broken.join("\n")}\n`), []);
    const good = [
      "UUID=1 /srv xfs ro 0 1 # a comment",
      "UUID=1 /srv xfs ro -1 +2",
      "UUID=1 /srv xfs ro 7 \t",
      "\tUUID=1 /srv xfs",
    ];
    assert.equal(parseFstab(`${good.join("\n")}\n`).length, good.length);
  });

  it("splits options where libmount does", () => {
    const options = (text: string) => parseFstab(`UUID=1 /srv xfs ${text} 0 0`)[0]!.options;
    assert.deepEqual(options("defaults,"), ["defaults"]);
    assert.deepEqual(options(",ro,,nofail"), ["ro", "nofail"]);
    assert.deepEqual(options('context="a:b,c0,nofail",ro'), ['context="a:b,c0,nofail"', "ro"]);
    assert.deepEqual(options("ro\\054nofail"), ["ro", "nofail"]);
  });

  it("takes an octal escape for one byte, and a byte of 0 for the end", () => {
    const [first, second] = parseFstab("UUID=1 /srv/\\777x xfs\nUUID=1 /srv\\000x xfs\n");
    assert.equal(first?.mountPoint, "/srv/\xffx");
    assert.equal(second?.mountPoint, "/srv");
  });

  it("gives one mount point for all ways to write it, and the line as it is written", () => {
    const written = ["/srv/store", "/srv/store/", "//srv//store", "/srv/store///", "/srv/./store/.", "/srv\\057store/"];
    const text = written.map((path) => `UUID=1 ${path} xfs nofail 0 0\n`).join("");
    const entries = parseFstab(`${text}UUID=2 / ext4\nUUID=3 // ext4\nUUID=4 none swap\nUUID=5 /srv/.store xfs\n`);
    assert.deepEqual(
      entries.map((entry) => entry.mountPoint),
      [...written.map(() => "/srv/store"), "/", "/", "none", "/srv/.store"],
    );
    assert.equal(entries[2]?.raw, "UUID=1 //srv//store xfs nofail 0 0");
  });

  it("gives back what a line was made of, whatever is in it", () => {
    fc.assert(
      fc.property(
        field,
        field.map((text) => text.replaceAll("/", "_")),
        fc.array(fc.constantFrom("nofail", "ro"), { minLength: 1 }),
        (source, target, options) => {
          const line = fstabLine(source, target, "xfs", options);
          assert.ok(!line.includes("\n"));
          const [entry, ...more] = parseFstab(`${line}\n`);
          assert.deepEqual(more, []);
          assert.deepEqual([entry?.source, entry?.mountPoint, entry?.options], [source, target, options]);
        },
      ),
    );
  });

  it("says of every entry where its line is", () => {
    fc.assert(
      fc.property(file, (text) => {
        for (const entry of parseFstab(text)) {
          const line = text.slice(entry.offset, entry.offset + entry.length);
          assert.equal(line.replace(/\n$/, ""), entry.raw);
          assert.ok(entry.offset === 0 || text[entry.offset - 1] === "\n");
        }
      }),
    );
  });
});

describe("setting an entry of fstab", () => {
  it("writes a hash as it is, since systemd does not read it in octal", () => {
    assert.equal(fstabLine("UUID=1", "/srv/#1 a", "xfs", ["ro"]), "UUID=1 /srv/#1\\040a xfs ro 0 0");
    assert.equal(fstabLine("#1", "/srv", "xfs", ["ro"]), "\\0431 /srv xfs ro 0 0");
  });

  it("ends a last line that ends in no more than a carriage return, and takes that back", () => {
    const line = fstabLine("UUID=1", "/srv", "xfs", ["ro"]);
    const set = setEntry("# a comment\r", path, "/srv", line);
    assert.equal(set.text, `# a comment\r\n${line}\n`);
    assert.equal(undoEntry(set.text, set.edit!).text, "# a comment\r");
  });

  const line = fstabLine("UUID=1", "/srv/store", "xfs", ["nofail"]);

  it("appends it, ending the last line if that has no ending", () => {
    assert.equal(setEntry("# a\n", path, "/srv/store", line).text, `# a\n${line}\n`);
    assert.equal(setEntry("# a", path, "/srv/store", line).text, `# a\n${line}\n`);
    assert.equal(setEntry("", path, "/srv/store", line).text, `${line}\n`);
  });

  it("replaces the entry of that mount point, and no comment that looks like it", () => {
    const text = "#UUID=0 /srv/store xfs\nUUID=0  /srv/store\txfs ro 0 0\nUUID=2 /srv/store2 xfs ro\n";
    const set = setEntry(text, path, "/srv/store", line);
    assert.equal(set.text, text.replace("UUID=0  /srv/store\txfs ro 0 0", line));
    assert.equal(undoEntry(set.text, set.edit!).text, text);
  });

  it("replaces the entry of that mount point however it is written, and takes that back", () => {
    const text = "UUID=0 //srv/store/ xfs ro 0 0\n";
    const set = setEntry(text, path, "/srv/store", line);
    assert.equal(set.text, `${line}\n`);
    assert.equal(undoEntry(set.text, set.edit!).text, text);
  });

  it("does nothing where the line is there already", () => {
    assert.deepEqual(setEntry(`${line}\n`, path, "/srv/store", line).edit, undefined);
  });

  it("and taking it back leaves every byte as it was, whatever the file", () => {
    fc.assert(
      fc.property(file, field, (text, target) => {
        const set = setEntry(text, path, target, fstabLine("UUID=ours", target, "xfs", ["nofail"]));
        assert.equal(applySplices(text, set.splices), set.text);
        const where = parseFstab(fstabLine("x", target, "xfs", ["ro"]))[0]!.mountPoint;
        assert.equal(parseFstab(set.text).findLast((entry) => entry.mountPoint === where)?.source, "UUID=ours");
        assert.equal(undoEntry(set.text, set.edit!).text, text);
        assert.equal(setEntry(set.text, path, target, set.edit!.ours[0]!).edit, undefined);
      }),
      { numRuns: 500 },
    );
  });

  it("and taking it back keeps what others wrote around it since", () => {
    fc.assert(
      fc.property(file, goodLine, (text, later) => {
        fc.pre(!text.includes("/srv/store"));
        const set = setEntry(text, path, "/srv/store", line);
        const back = undoEntry(`# first\n${set.text}${later}\n`, set.edit!);
        assert.equal(back.outcome, "restored");
        assert.equal(back.text, `# first\n${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${later}\n`);
      }),
    );
  });

  it("leaves a line of ours that somebody changed, and says so", () => {
    const set = setEntry("", path, "/srv/store", line);
    const back = undoEntry(set.text.replace("nofail", "nofail,noatime"), set.edit!);
    assert.equal(back.outcome, "changed");
    assert.equal(back.found, line.replace("nofail", "nofail,noatime"));
    assert.deepEqual(back.splices, []);
  });
});

describe("changing what an entry of others says", () => {
  const change = (raw: string, source: string, options: string[]) => withSource(parseFstab(raw)[0]!, source, options);

  it("keeps blanks and all other fields", () => {
    const raw = "/dev/sdb1\t/srv/store   xfs\tnoatime,discard\t0 2";
    assert.equal(change(raw, "UUID=1", ["noatime", "nofail"]), "UUID=1\t/srv/store   xfs\tnoatime,nofail\t0 2");
    assert.equal(change(`  ${raw}`, "/dev/sdb1", ["ro"]), "  /dev/sdb1\t/srv/store   xfs\tro\t0 2");
  });

  it("keeps bytes of a name that are a blank elsewhere", () => {
    const [entry] = parseFstab("UUID=1 /srv/voil\xc3\xa0 xfs");
    assert.equal(withSource(entry!, "UUID=2", ["ro"]), "UUID=2 /srv/voil\xc3\xa0 xfs ro");
    const [short] = parseFstab("UUID=1 /srv/a a\xc3\xa0");
    assert.equal(withSource(short!, "UUID=1", ["ro"]), "UUID=1 /srv/a a\xc3\xa0 ro");
  });

  it("adds options where there are none", () => {
    assert.equal(change("LABEL=gm /srv/store xfs", "LABEL=gm", ["nofail"]), "LABEL=gm /srv/store xfs nofail");
    assert.equal(change("LABEL=gm /srv/store xfs \t", "LABEL=gm", ["nofail"]), "LABEL=gm /srv/store xfs nofail");
  });
});
