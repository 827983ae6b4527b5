import { strict as assert } from "node:assert";
import { collectGuests, parseGuestMemoryFiles, parseGuests } from "../../provider/core/facts/guests";
import { Sections, sectionPrelude } from "../../provider/core/facts/sections";
import { nonce, Sandbox } from "../support/sandbox/sandbox";

const ram = "/var/lib/libvirt/qemu/ram";
const statusOf = (id: number, name: string) =>
  `<domstatus state='running'>\n  <domain type='kvm' id='${id}'>\n    <name>${name}</name>\n    <memory unit='KiB'>65536</memory>\n`;

describe("the guests of a host and their memory files", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.write(`${ram}/1-one/pc.ram`, "memory");
    sandbox.write("/run/libvirt/qemu/one.xml", statusOf(1, "one"));
  });
  afterEach(() => sandbox.remove());

  /** Reads them as the facts script does; `before` is shell text that prepares the host. */
  function read(before = ":") {
    const script = [sectionPrelude(nonce), collectGuests, "section end\n"].join("");
    sandbox.write("/tmp/hostmem-facts", script);
    const sections = Sections.parse("host", nonce, sandbox.run(`${before}\nsh -s </tmp/hostmem-facts`));
    return {
      guests: parseGuests(sections).map((guest) => guest.name),
      files: parseGuestMemoryFiles(sections).map((file) => file.path),
    };
  }

  const backingDir = (path: string) => sandbox.write("/etc/libvirt/qemu.conf", `memory_backing_dir = "${path}"\n`);

  /** Shell text that makes the first look at a guest's file do something before it. */
  function beforeReadingGuests(act: string): string {
    sandbox.write("/srv/bin/grep", `#!/bin/sh\n${act}\nexec /usr/bin/grep "$@"\n`, 0o755);
    return "PATH=/srv/bin:$PATH";
  }

  it("are found with what they take", () => {
    assert.deepEqual(read(), { guests: ["one"], files: [`${ram}/1-one/pc.ram`] });
  });

  it("agree with each other when a guest starts meanwhile", () => {
    const before = beforeReadingGuests(`mkdir -p ${ram}/2-two; echo memory >${ram}/2-two/pc.ram`);
    assert.deepEqual(read(before), { guests: ["one"], files: [`${ram}/1-one/pc.ram`] });
  });

  it("agree with each other when a guest stops meanwhile", () => {
    sandbox.write(`${ram}/2-two/pc.ram`, "memory");
    const before = beforeReadingGuests(`rm -rf ${ram}/2-two`);
    assert.deepEqual(read(before), { guests: ["one"], files: [`${ram}/1-one/pc.ram`] });
  });

  it("are found where a store is mounted below the configured directory", () => {
    backingDir("/srv/guest memory/");
    const before = `
      mkdir -p "/srv/guest memory/libvirt" && mount -t tmpfs none "/srv/guest memory/libvirt"
      mkdir -p "/srv/guest memory/libvirt/qemu/2-two" && echo memory >"/srv/guest memory/libvirt/qemu/2-two/pc.ram"`;
    assert.deepEqual(read(before).files, ["/srv/guest memory/libvirt/qemu/2-two/pc.ram", `${ram}/1-one/pc.ram`]);
  });

  it("are listed once, however many directories they are in", () => {
    backingDir(ram);
    sandbox.write(`${ram}/libvirt/qemu/2-two/pc.ram`, "memory");
    assert.deepEqual(read().files, [`${ram}/1-one/pc.ram`, `${ram}/libvirt/qemu/2-two/pc.ram`]);
  });

  it("are found through a link that somebody made of libvirt's directory", () => {
    backingDir("/srv/link");
    const before =
      "mkdir -p /srv/real/2-two /srv/link/libvirt; echo >/srv/real/2-two/pc.ram; ln -s /srv/real /srv/link/libvirt/qemu";
    assert.deepEqual(read(before).files, ["/srv/link/libvirt/qemu/2-two/pc.ram", `${ram}/1-one/pc.ram`]);
  });

  for (const place of ["/srv/a network", "/srv/a network/libvirt", "/srv/a network/libvirt/qemu"]) {
    it(`are not looked for in a file system that is not local, mounted at ${place}`, () => {
      backingDir("/srv/a network");
      sandbox.write("/srv/bin/find", '#!/bin/sh\necho "$@" >>/srv/found\nexec /usr/bin/find "$@"\n', 0o755);
      // The kernel's own stands for a network's: it is not local by its type, and full of files.
      const found = read(`PATH=/srv/bin:$PATH; mkdir -p '${place}'; mount -t proc proc '${place}'`).files;
      assert.deepEqual(found, [`${ram}/1-one/pc.ram`]);
      assert.doesNotMatch(sandbox.read("/srv/found")!, /network/);
    });
  }

  it("are none on a host without libvirt", () => {
    assert.deepEqual(read("rm -rf /var/lib/libvirt /run/libvirt"), { guests: [], files: [] });
  });
});
