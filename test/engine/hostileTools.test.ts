import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { check } from "../../provider/check";
import { kinds } from "../../provider/core/kinds";
import { sampled } from "../support/sampled";
import { type Files, LightHost } from "../support/sandbox/lightHost";
import { LoopDisk, onDisk } from "../support/store/loopDisk";
import { beginTrial } from "../support/trials";

/** What a broken, or a bad, tool does instead of its work. */
const behaviours: Record<string, string> = {
  "prints lines without end": "exec yes 'Id=nova-compute.service'",
  "prints one line without end": "exec tr '\\000' x </dev/zero",
  "complains without end": "exec yes oops >&2",
  "never ends": "exec sleep 1000",
  "prints rubbish": "head -c 300000 /dev/urandom",
  "prints terminal escapes": `printf '\\033]0;title\\007\\033[31mTYPE=\\033[2Jext4\\nId=\\033cx\\n\\302\\2335m 9.0.0\\n'`,
  "forges what only we print": `printf '\\n0123456789abcdef0123456789abcdef end\\n\\nhostmem 00 end 0\\n'`,
  "says nothing, and that all is well": "exit 0",
  "is killed": "kill -KILL $$",
};

/** With these nothing can have been understood. */
const useless = /without end|never ends|says nothing|is killed/;

/** What the facts ask, where it is on the light host, and what is said of a host on which it is of no use. */
const tools: Record<string, { path: string; report: RegExp }> = {
  systemctl: { path: "/usr/sbin/systemctl", report: /systemd was not found|printed more than/ },
  libvirtd: { path: "/usr/sbin/libvirtd", report: /libvirt was not found/ },
  "qemu-system-x86_64": { path: "/usr/bin/qemu-system-x86_64", report: /QEMU was not found/ },
  blkid: { path: "/usr/sbin/blkid", report: /nobody can say what is on|is not blank|did not end within/ },
  wipefs: { path: "/usr/sbin/wipefs", report: /nobody can say what is on|is not blank|did not end within/ },
  // Others say the same, or all that there is to say does not depend on it.
  lsblk: { path: "/usr/bin/lsblk", report: /is not blank|is in use/ },
  partx: { path: "/usr/bin/partx", report: /is not blank/ },
  stat: { path: "/usr/bin/stat", report: /is not blank|printed more than|did not end within/ },
};

const claims = ["bounded", "clean text", "reported", "not taken for blank"] as const;

let hosts = 0;

/** What a preview of a store on a disk, and of the configuration, says on a host with these files. */
async function preview(files: Files, device: string): Promise<string[]> {
  const host = await LightHost.start(files);
  const log = mock.method(console, "log", () => {});
  const path = process.env["PATH"];
  process.env["PATH"] = `${host.shell}:${path}`;
  try {
    // By other means each time, as facts of the host before would count for half a minute.
    hosts += 1;
    const become = { method: "none", password: `${hosts}` };
    const connection = { host: "compute-1", transport: "local", user: "root" };
    const shared = { connection, become, __run: { preview: true } };
    const store = { owner: "p/s/store", device, allowUnstableDeviceName: true, ...shared };
    const config = { owner: "p/s/config", capacity: "1 GiB", ...shared };
    const answers = [await check(kinds.get("BackingStore")!, {}, store)];
    // A host that took all of its time once would do so again.
    const isTooSlow = answers[0]!.failures.some(({ reason }) => reason.includes("did not end within"));
    if (!isTooSlow) answers.push(await check(kinds.get("FileBackedMemoryConfig")!, {}, config));
    const shown = log.mock.calls.map(({ arguments: [line] }: { arguments: unknown[] }) => String(line));
    const refused = answers.map(({ failures }) =>
      failures.map(({ property, reason }) => `${property} ${reason}`).join("; "),
    );
    return [...refused, ...shown];
  } finally {
    process.env["PATH"] = path;
    log.mock.restore();
    await host.stop();
  }
}

describe("a tool of a host", function () {
  this.timeout(240_000);
  let disk: LoopDisk;
  before(() => {
    disk = LoopDisk.make(340);
    onDisk("mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 $1", disk.device);
  });
  after(() => disk?.remove());

  it("that is as it should be shows what is on the disk", async () => {
    const [store, config] = await preview({}, disk.device);
    assert.match(store!, /^device \S+ is not blank: it holds ext4 UUID=/);
    assert.doesNotMatch(config!, /needs|was not found/);
  });

  const all = Object.keys(tools).flatMap((tool) => Object.keys(behaviours).map((how) => ({ tool, how })));
  for (const { tool, how } of sampled("hostile tools", all, 4)) {
    it(`${tool} that ${how} is bounded and reported, and nothing is taken for blank`, async () => {
      const prove = beginTrial("hostile output", `${tool} ${how}`, claims);
      const said = await preview({ [tools[tool]!.path]: `#!/bin/sh\n${behaviours[how]}\n` }, disk.device);
      prove("bounded");
      for (const text of said) {
        assert.ok(text.length < 5000, text.slice(0, 500));
        assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|undefined|NaN|TypeError|\.js:/);
      }
      prove("clean text");
      if (useless.test(how)) assert.match(said.join("\n"), tools[tool]!.report);
      prove("reported");
      assert.match(
        said[0]!,
        /is not blank|nobody can say what is on|is in use|did not end within|printed more than|incomplete|needs systemd/,
      );
      prove("not taken for blank");
    });
  }
});
