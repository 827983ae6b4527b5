import { strict as assert } from "node:assert";
import { parseBlockDevices } from "../../../provider/core/facts/blockDevices";
import { parseFileSystems } from "../../../provider/core/facts/fileSystems";
import { parseGuestMemoryFiles, parseGuests } from "../../../provider/core/facts/guests";
import { parseHostFiles } from "../../../provider/core/facts/hostFile";
import { Sections } from "../../../provider/core/facts/sections";
import { parseVersions } from "../../../provider/core/facts/versions";
import { fixtureNonce } from "../../support/facts/fixture";

/** What a host answers with these sections alone. */
function sections(contents: Record<string, string>): Sections {
  const all = Object.entries({ ...contents, end: "" }).map(([name, text]) => `\n${fixtureNonce} ${name}\n${text}`);
  return Sections.parse("host", fixtureNonce, all.join(""));
}

describe("facts with odd bytes in them", () => {
  it("have a mount point with a carriage return in its name", () => {
    const mounts = "50 20 0:56 / /srv/a\rb rw,relatime shared:3 - tmpfs tmpfs rw\n";
    const [found] = parseFileSystems(sections({ mounts, statfs: "4096 10 5 - 7 /srv/a\rb\n" }));
    assert.deepEqual([found?.mountPoint, found?.totalBytes], ["/srv/a\rb", 40_960]);
  });

  it("have a guest's memory file with a carriage return in its name", () => {
    const [file] = parseGuestMemoryFiles(sections({ "guest-memory": "8 512 /srv/1-a\rb/pc.ram\n" }));
    assert.deepEqual(file, { path: "/srv/1-a\rb/pc.ram", usedBytes: 4096 });
  });

  it("have a mount point and a label that end in a byte which is a blank in another encoding", () => {
    const lines = ["real /dev/sdb", "mount /srv/voil\\xc3\\xa0", "content xfs labelled voil\xc3\xa0"];
    const device = parseBlockDevices(sections({ "device /dev/sdb": `${lines.join("\n")}\n` })).get("/dev/sdb");
    assert.deepEqual([device?.mountPoints, device?.content], [["/srv/voil\xc3\xa0"], "xfs labelled voil\xc3\xa0"]);
  });

  it("have a guest whose name refers to no character that there is", () => {
    const guests = parseGuests(
      sections({ "guest /etc/libvirt/qemu/a.xml": "<name>a&#x110000;&constructor;&#65;</name>\n" }),
    );
    assert.deepEqual(
      guests.map(({ name }) => name),
      ["a&#x110000;&constructor;A"],
    );
  });

  it("have no version of a tool that prints something else", () => {
    const versions = (text: string) => {
      const { libvirt, qemu, systemd } = parseVersions(sections({ versions: text }));
      return [libvirt, qemu, systemd];
    };
    assert.deepEqual(versions("libvirt libvirtd (libvirt) 9.0.0\nqemu QEMU emulator version 2.8.1(Debian 1:2.8)\n"), [
      "9.0.0",
      "2.8.1",
      undefined,
    ]);
    assert.deepEqual(versions("libvirt xxxqemu QEMU emulator version 7.2.22\nqemu 6\nsystem 7\n"), [
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("have a file that cannot be looked at as an error, and one that went meanwhile as none", () => {
    const read = (text: string) => [...parseHostFiles(sections({ "file /etc/fstab": text })).keys()];
    assert.deepEqual(read("gone\n"), []);
    assert.deepEqual(read("81a4 0 0 2 -17 1\n/etc/fstab\n#\n"), ["/etc/fstab"]);
    for (const text of ["", "rubbish\n", "81a4 0 0\n"])
      assert.throws(() => read(text), /\[host\] stat and readlink say nothing of \/etc\/fstab that can be read/);
  });
});
