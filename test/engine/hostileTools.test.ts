import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { check } from "../../provider/check";
import { kinds } from "../../provider/core/kinds";
import { installOnMachine } from "../support/machinePackages";
import { sampled } from "../support/sampled";
import { type Files, LightHost } from "../support/sandbox/lightHost";
import { contentTools } from "../support/store/contents";
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

/** Whoever waits for these to end waits until the reading as a whole is given up, on a slow machine or without a bound. */
const endless = /without end|never ends/;
const gaveUp = /did not end within \d+ s/;
/** With these a tool ends as if all were well: of what only one tool can tell, nobody notices. */
const plausible = /rubbish|escapes|forges|says nothing/;

interface Tool {
  /** Where it is on the light host. */
  path: string;
  disk: keyof typeof disks;
  /** What is said of a host on which it is of no use. */
  report: RegExp;
  /** The same where it seems to work. */
  lie?: RegExp;
}

const noAnswer = /nobody can say what is on/;
/** What the facts ask. */
const tools: Record<string, Tool> = {
  systemctl: { path: "/usr/sbin/systemctl", disk: "plain", report: /systemd was not found|printed more than/ },
  libvirtd: { path: "/usr/sbin/libvirtd", disk: "plain", report: /libvirt was not found/ },
  "qemu-system-x86_64": { path: "/usr/bin/qemu-system-x86_64", disk: "plain", report: /QEMU was not found/ },
  // Each of the two sees what the other does not; and where blkid sees a partition table, partx must see one, too.
  blkid: {
    path: "/usr/sbin/blkid",
    disk: "plain",
    report: noAnswer,
    lie: /partx failed|it holds ext4 at 0x438 sha256:/,
  },
  wipefs: { path: "/usr/sbin/wipefs", disk: "plain", report: noAnswer, lie: /it holds ext4 UUID=/ },
  partx: { path: "/usr/bin/partx", disk: "partitioned", report: noAnswer },
  // The kernel itself says the same, in other words.
  lsblk: { path: "/usr/bin/lsblk", disk: "mounted", report: /in use: it (cannot be opened exclusively|is mounted at)/ },
  getconf: { path: "/usr/bin/getconf", disk: "plain", report: /getconf PAGESIZE does not say how large/ },
  stat: { path: "/usr/bin/stat", disk: "plain", report: /stat and readlink say nothing of|printed more than/ },
};

const claims = ["clean text", "reported", "not taken for blank"] as const;
/** By a bound of the tool's own; or by that of the whole reading, which a tool without one passes, too. */
const bounds = { own: "bounded by itself", whole: "given up with all the reading" } as const;

/** Where a disk is mounted on the light host. */
const elsewhere = "/srv/elsewhere";
const mkfs = "mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0";
/** Disks on which the answer of some tool counts, and what is said of each where all tools work. */
const disks = {
  plain: { make: `${mkfs} $1`, mounted: false, said: /^device \S+ is not blank: it holds ext4 UUID=\S+\. To lose it/ },
  partitioned: {
    make: `printf 'label: gpt\nstart=2048\n' | sfdisk -q --no-reread --no-tell-kernel $1
      partx --add $1 && ${mkfs} "$1"p1`,
    mounted: false,
    said: /^device \S+ is not blank: it holds gpt UUID=\S+ \(1: ext4 UUID=\S+\) with loop\d+p1\. To lose it/,
  },
  mounted: {
    make: `${mkfs} $1`,
    mounted: true,
    said: /^device \S+ is in use: it is mounted at \/srv\/elsewhere\./,
  },
};

let hosts = 0;

/** What a preview of a store on a disk, of the configuration, and of page sizes says on a host with these files. */
async function preview(files: Files, device: string, isMounted: boolean): Promise<string[]> {
  const host = await LightHost.start(files);
  const log = mock.method(console, "log", () => {});
  host.beThisMachine();
  try {
    if (isMounted) host.run(`mkdir ${elsewhere} && mount -t ext4 -o ro ${device} ${elsewhere}`);
    // By other means each time, as facts of the host before would count for half a minute.
    hosts += 1;
    const become = { method: "none", password: `${hosts}` };
    const connection = { host: "localhost", transport: "local", user: "root" };
    const shared = { connection, become, __run: { preview: true } };
    const store = { owner: "p/s/store", device, allowUnstableDeviceName: true, ...shared };
    const config = { owner: "p/s/config", capacity: "1 GiB", ...shared };
    const pages = { owner: "p/s/pages", ...shared };
    const answers = [await check(kinds.get("BackingStore")!, {}, store)];
    // A host that took all of its time once would do so again.
    const isTooSlow = answers[0]!.failures.some(({ reason }) => gaveUp.test(reason));
    if (!isTooSlow) {
      answers.push(await check(kinds.get("FileBackedMemoryConfig")!, {}, config));
      answers.push(await check(kinds.get("PageSizePolicy")!, {}, pages));
    }
    const shown = log.mock.calls.map(({ arguments: [line] }: { arguments: unknown[] }) => String(line));
    const refused = answers.map(({ failures }) =>
      failures.map(({ property, reason }) => `${property} ${reason}`).join("; "),
    );
    return [...refused, ...shown];
  } finally {
    log.mock.restore();
    await host.stop();
  }
}

describe("a tool of a host", function () {
  // Reading a host is given up after four minutes; a slow host that is not given up may be read twice.
  this.timeout(600_000);
  const made = new Map<string, LoopDisk>();
  before(() => installOnMachine(contentTools));
  after(() => {
    for (const disk of made.values()) disk.remove();
  });

  function diskOf(name: keyof typeof disks): string {
    const present = made.get(name);
    if (present) return present.device;
    const disk = LoopDisk.make(340);
    made.set(name, disk);
    onDisk(disks[name].make, disk.device);
    return disk.device;
  }

  for (const [name, { mounted, said }] of Object.entries(disks)) {
    it(`that is as it should be shows what is on a disk that is ${name}`, async () => {
      const [store, config, pages] = await preview({}, diskOf(name as keyof typeof disks), mounted);
      assert.match(store!, said);
      assert.doesNotMatch(config!, /needs|was not found/);
      assert.equal(pages, "");
    });
  }

  const all = Object.keys(tools).flatMap((tool) => Object.keys(behaviours).map((how) => ({ tool, how })));
  for (const { tool, how } of sampled("hostile tools", all, 4)) {
    it(`${tool} that ${how} is bounded and reported, and nothing is taken for blank`, async () => {
      const { path, disk, report, lie = report } = tools[tool]!;
      const file = { [path]: `#!/bin/sh\n${behaviours[how]}\n` };
      const said = await preview(file, diskOf(disk), disks[disk].mounted);
      // Which of both it is shows only now; a preview that does not come to an end fails the test by its time.
      const bound = said.some((text) => gaveUp.test(text)) ? bounds.whole : bounds.own;
      assert.ok(bound === bounds.own || endless.test(how), said.join("\n"));
      const prove = beginTrial("hostile output", `${tool} ${how}`, [bound, ...claims]);
      prove(bound);
      for (const text of said) {
        assert.ok(text.length < 5000, text.slice(0, 500));
        assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|undefined|NaN|TypeError|\.js:/);
      }
      prove("clean text");
      const hasReport = (plausible.test(how) ? lie : report).test(said.join("\n"));
      assert.ok(hasReport || (endless.test(how) && gaveUp.test(said[0]!)), said.join("\n"));
      prove("reported");
      assert.match(
        said[0]!,
        /is not blank|nobody can say what is on|is in use|did not end within|printed more than|say nothing of|needs systemd/,
      );
      prove("not taken for blank");
    });
  }
});
