import { strict as assert } from "node:assert";
import { launchScript } from "../../provider/core/host/library";
import { kinds } from "../../provider/core/kinds";
import { ApplyLogReader } from "../../provider/core/plan/applyLog";
import { compile } from "../../provider/core/plan/compile";
import { type Plan, planLines } from "../../provider/core/plan/step";
import { readArgs } from "../support/plans/planCase";
import { nonce, Sandbox } from "../support/sandbox/sandbox";

const novaConf = "/etc/nova/nova.conf";
const files = [novaConf, "/etc/nova/nova-compute.conf", "/etc/libvirt/qemu.conf"];
const original = "[DEFAULT]\nstate_path = /var/lib/nova\n[libvirt]\ncpu_mode = none\n";
const byHand = "; by hand";
const kind = kinds.get("FileBackedMemoryConfig")!;

/** An editor renames its own file over the one that is about to be swapped. */
const edit = `
cp -p "$5" "$5.swap" && echo '${byHand}' >>"$5.swap" && mv -f "$5.swap" "$5"
exec 2>/dev/null`;
/** The swap alone, of what then is killed before it has looked. */
const swapAndEnd = (what: string) => `
/usr/bin/python3 -c '
import ctypes, os, sys
ctypes.CDLL(None).renameat2(-100, os.fsencode(sys.argv[1]), -100, os.fsencode(sys.argv[2]), 2)' "$4" "$5"
${what}
sleep 60`;
/** For the first use only. */
const once = (text: string) => `#!/bin/sh
mkdir /run/swapped 2>/dev/null || exec /usr/bin/python3 "$@"
${text}
`;

describe("an apply that is cut between a swap of files and the look at what it got", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.write(novaConf, original, 0o640);
    for (const file of files.slice(1)) sandbox.write(file, "# empty\n");
  });
  afterEach(() => sandbox.remove());

  function planned(capacity = "1 GiB"): Plan {
    const args = readArgs(kind, { capacity, activation: "deferred" });
    const { plan, problems } = kind.evaluate(args, sandbox.host(files).facts(), { recorded: undefined, planned: [] });
    assert.deepEqual(problems, []);
    return plan;
  }

  /** As a client does it, with the end of the apply. */
  function up(id: string, capacity?: string) {
    const script = compile(planned(capacity), { id, nonce, holder: "p/s/memory, pid 1", lockTimeoutSeconds: 5 });
    const progress: string[] = [];
    const reader = new ApplyLogReader(nonce, (message) => progress.push(message));
    sandbox.write("/launch", launchScript({ id, nonce }, script, 60));
    reader.push(sandbox.run("sh /launch"));
    return { report: reader.report, progress };
  }

  const boot = () => sandbox.run("rm -rf /run/pid-of-* /run/hostmem.*");

  /** What an editor wrote is in its place, and the next apply comes to its end. */
  function assertKept(): void {
    assert.equal(sandbox.read(novaConf), `${original}${byHand}\n`);
    assert.equal(up("00b2").report.status, "applied");
    assert.ok(sandbox.read(novaConf)!.endsWith(`cpu_mode = none\n${byHand}\n`));
    assert.deepEqual(planLines(planned()), []);
    assert.equal(sandbox.run("ls -A /etc/nova"), "nova-compute.conf\nnova.conf\n");
  }

  it("puts back what an editor wrote at that moment, when its client sees it end", () => {
    sandbox.write("/usr/sbin/python3", once(edit + swapAndEnd("kill -KILL -$(ps -o sid= -p $$ | tr -d ' ')")), 0o755);
    const { report } = up("00b1");
    assert.deepEqual([report.status, report.begun], [undefined, true]);
    assertKept();
  });

  it("puts it back with the next apply, when the whole host was cut", () => {
    sandbox.write("/usr/sbin/python3", once(edit + swapAndEnd("kill -KILL -1")), 0o755);
    up("00b1");
    assert.match(sandbox.read(novaConf)!, /file_backed_memory = 1024/, "the swap was made");
    boot();
    // By what is there all is done: only something else brings an apply there.
    const { report } = up("00b2", "2 GiB");
    assert.equal(report.moved, novaConf, "it goes back to its place before anything is looked at");
    assertKept();
  });

  it("keeps it beside the file where somebody has written since, and says where", () => {
    sandbox.write("/usr/sbin/python3", once(edit + swapAndEnd("kill -KILL -1")), 0o755);
    up("00b1");
    const since = `${sandbox.read(novaConf)}# since\n`;
    sandbox.write(novaConf, since, 0o640);
    boot();
    const { progress } = up("00b2", "2 GiB");
    const kept = `${novaConf}.kept-00b1`;
    assert.ok(
      progress.some((line) => line.endsWith(`: ${kept}`)),
      progress.join("\n"),
    );
    assert.equal(sandbox.read(kept), `${original}${byHand}\n`);
    assert.match(sandbox.read(novaConf)!, /# since\n/);
  });

  it("removes what is its own: the old file after the swap, half of a new one before it", () => {
    for (const [stage, cut] of Object.entries({ swapped: swapAndEnd("kill -KILL -1"), written: "kill -KILL -1" })) {
      sandbox.write("/usr/sbin/python3", once(cut), 0o755);
      sandbox.run("rm -rf /run/swapped");
      sandbox.write(novaConf, original, 0o640);
      up("00b1");
      assert.match(sandbox.run("ls -A /etc/nova"), /hostmem-new/, stage);
      boot();
      up("00b2", "2 GiB");
      assert.equal(sandbox.run("ls -A /etc/nova"), "nova-compute.conf\nnova.conf\n", stage);
      sandbox.run("rm -rf /var/lib/hostmem");
    }
  });

  it("swaps back what it cannot read: somebody has put a link in the place of the file", () => {
    const link = `ln -s /nowhere "$5.swap" && mv -fT "$5.swap" "$5"\nexec /usr/bin/python3 "$@"`;
    sandbox.write("/usr/sbin/python3", once(link), 0o755);
    const { report } = up("00b1");
    assert.deepEqual(
      [report.status, report.reason],
      ["failed", `${novaConf} was changed by somebody else during the apply`],
    );
    assert.equal(sandbox.run(`readlink ${novaConf}; ls -A /etc/nova`), "/nowhere\nnova-compute.conf\nnova.conf\n");
  });
});
