import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mock } from "node:test";
import { activationLibrary } from "../../provider/core/host/library";
import { kinds } from "../../provider/core/kinds";
import { boundSeconds } from "../../provider/core/plan/apply";
import { ApplyLogReader } from "../../provider/core/plan/applyLog";
import { create, remove } from "../../provider/lifecycle";
import { keepSome } from "../support/sampled";
import { LightHost } from "../support/sandbox/lightHost";
import { Sandbox } from "../support/sandbox/sandbox";

const store = kinds.get("BackingStore")!;
const mountPoint = "/srv/guest-memory";
/** What the unit of an apply would have as its bound in seconds. */
const bound = "/run/runtime-max";

const which = (name: string) => execFileSync("which", [name], { encoding: "utf8" }).trim();

let hosts = 0;

describe("an apply in which a tool", function () {
  this.timeout(240_000);
  let host: LightHost;
  let said: string[];
  const declared = () => ({
    owner: "p/s/store",
    connection: { host: "localhost", transport: "local", user: "root" },
    // By other means each time, as facts of the host before would count for half a minute.
    become: { method: "none", password: `bounds ${hosts}` },
    fileSystem: "tmpfs",
    size: "64 MiB",
    mountPoint,
  });
  beforeEach(async () => {
    hosts += 1;
    host = await LightHost.start();
    host.beThisMachine();
    const log = mock.method(console, "log", () => {});
    said = [];
    log.mock.mockImplementation((line: string) => {
      said.push(line);
    });
  });
  afterEach(async () => {
    mock.restoreAll();
    await host?.stop();
  });

  const tool = (name: string, text: string) =>
    host.run(`cat >/usr/sbin/${name} <<'END'\n#!/bin/sh\n${text}\nEND\nchmod 755 /usr/sbin/${name}`);
  const failure = async (inputs: Record<string, unknown>) => {
    const error = (await create(store, inputs).then(
      () => assert.fail("it succeeded"),
      (caught: unknown) => caught,
    )) as Error & { id?: string };
    return { message: error.message, id: error.id };
  };
  /** Nothing of it runs, nobody holds the lock, and the next apply ends what it began. */
  const goesOn = async (name: string) => {
    assert.equal(host.run("flock -n /run/hostmem.lock echo free"), "free\n");
    assert.equal(host.run(`pgrep -f '/usr/sbin/${name}' || echo none`), "none\n");
    assert.equal(host.run("ls -A /var/lib/hostmem/apply 2>/dev/null || :"), "");
    host.run(`rm -f ${bound} /usr/sbin/${name}`);
    const made = await create(store, declared());
    assert.equal(host.run(`mountpoint ${mountPoint}`), `${mountPoint} is a mountpoint\n`);
    await remove(store, made.id, made.outs);
    assert.equal(host.run("ls -d /var/lib/hostmem 2>/dev/null || :"), "");
  };

  for (const [how, text] of Object.entries({
    hangs: "exec sleep 1000",
    "hangs, and does not end when asked to": "trap '' TERM; sleep 1000; sleep 1000",
  })) {
    it(`${how} is ended by the host, and the next one goes on`, async () => {
      tool("mount", text);
      host.run(`echo 3 >${bound}`);
      const { message, id } = await failure(declared());
      assert.match(
        message,
        /^\[localhost\] the apply did not end in its time, and the host ended it, at: mount .*\/srv\/guest-memory/,
      );
      assert.match(message, /\n {2}Find out on the host what hangs there\. Run the same command again: it finishes/);
      assert.match(id ?? "", /\/BackingStore$/, "what was begun is in state, so that destroy takes it back");
      await goesOn("mount");
    });
  }

  it("hangs before anything was changed is ended, too", async () => {
    // The client's own part of the work uses it, too.
    tool("flock", `grep -q /apply/ /proc/$PPID/cmdline && exec sleep 1000\nexec ${which("flock")} "$@"`);
    host.run(`echo 2 >${bound}`);
    const { message, id } = await failure(declared());
    assert.match(message, /ended it, at: looking whether it may begin\n.* Nothing was changed\.$/);
    assert.equal(id, undefined);
    host.run("rm /usr/sbin/flock");
    await goesOn("flock");
  });

  for (const [how, text] of Object.entries({
    "complains without end": "exec yes 'out of order' >&2",
    "prints without end": "timeout 2 yes 'out of order'; exit 1",
    "complains in one line without end": "exec tr '\\000' x </dev/zero >&2",
  })) {
    it(`${how} fills no disk, and fails`, async () => {
      tool("mount", text);
      const largest = watchRoom(host);
      const { message } = await failure(declared());
      assert.match(message, /^\[localhost\] cannot mount /);
      assert.ok(message.length < 1500, message.slice(0, 2000));
      const room = largest();
      assert.ok(room <= 17 * 1024, `${room} KiB`);
      await goesOn("mount");
    });
  }

  it("may take an hour, and each restart what its own waits come to", () => {
    assert.equal(boundSeconds({ steps: [], warnings: [] }, 300), 3900);
  });

  keepSome(this, "tools that hang or flood", 3);
});

describe("a libvirt that does not answer after its restart", () => {
  it("is asked for two minutes", function () {
    this.timeout(60_000);
    const sandbox = new Sandbox();
    try {
      sandbox.write("/usr/sbin/virsh", "#!/bin/sh\necho asked >>/run/asked\nexit 1\n", 0o755);
      // Half a minute goes by with every look at the clock.
      const clock = "now=$(($(cat /run/now 2>/dev/null || echo 0) + 30))\necho $now | tee /run/now";
      sandbox.write("/usr/sbin/date", `#!/bin/sh\n${clock}\n`, 0o755);
      const said = sandbox.run(
        `set -u\nevent() { echo "$*"; }\n${activationLibrary}\nrestart_libvirt libvirtd.service`,
      );
      assert.equal(said, "restarting libvirtd.service\nunhealthy libvirtd.service does not answer after its restart\n");
      assert.equal(sandbox.read("/run/asked"), "asked\n".repeat(4));
    } finally {
      sandbox.remove();
    }
  });
});

/** Notes, until it is asked, how many KiB our own folders on the host come to. */
function watchRoom(host: LightHost): () => number {
  host.run(`setsid sh -c 'while [ ! -e /run/seen ]; do du -skc /run/hostmem.* /var/lib/hostmem 2>/dev/null | tail -n 1 >>/run/room; sleep 0.05; done' \
    </dev/null >/dev/null 2>&1 &`);
  return () => Math.max(...host.run("touch /run/seen; cut -f1 /run/room").trim().split("\n").map(Number));
}

describe("the log of an apply that the host ended", () => {
  it("tells where that was", () => {
    const nonce = "0123456789abcdef0123456789abcdef";
    const reader = new ApplyLogReader(nonce, () => {});
    reader.push(`${nonce} begun\n${nonce} doing mount /srv\npart of a line\n${nonce} finished overdue\n`);
    assert.deepEqual([reader.report.status, reader.report.doing], ["overdue", "mount /srv"]);
  });
});
