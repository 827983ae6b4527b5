import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { sha256 } from "../../provider/core/facts/hostFile";
import type { OptionEdit } from "../../provider/core/files/edit";
import type { Step, WriteRecordStep } from "../../provider/core/plan/step";
import { debianTool } from "../support/debianTool";
import { DescribedHost } from "../support/plans/describedHost";
import { readArgs } from "../support/plans/planCase";
import type { Sandbox } from "../support/sandbox/sandbox";
import {
  apply,
  changed,
  hostId,
  kind,
  novaConf,
  one,
  original,
  pending,
  planFor,
  prepared,
  qemuConf,
  record,
} from "./support/appliedMemory";

describe("the script of an apply", function () {
  this.timeout(240_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());

  const shells: Record<string, string[]> = {
    dash: [debianTool("dash", "dash")],
    bash: [debianTool("bash", "bash"), "--posix"],
    "busybox sh": ["/usr/local/bin/busybox", "sh"],
  };
  for (const [name, shell] of Object.entries(shells)) {
    it(`edits, restarts, and takes all back, byte for byte, in ${name}`, () => {
      sandbox = prepared(shell);
      sandbox.copy(debianTool("busybox", "busybox-static"), "/usr/local/bin/busybox");
      const done = apply(sandbox, { capacity: "1 GiB" });
      assert.equal(done.report.status, "applied", done.log);
      assert.equal(sandbox.read(novaConf), changed);
      assert.match(done.report.hostId ?? "", /^[0-9a-f-]{36}$/);
      assert.equal(sandbox.read(hostId)?.split("\n")[0], done.report.hostId);
      assert.equal(JSON.parse(sandbox.read(record)!).owner, "project/stack/memory");
      assert.equal(sandbox.read(pending), undefined);
      assert.equal(sandbox.read("/run/restarted"), "nova-compute.service\n");
      assert.deepEqual(done.progress, [
        `wrote ${novaConf}`,
        "restarts nova-compute.service",
        "services run with the new settings",
      ]);

      const undone = apply(sandbox, "removed");
      assert.equal(undone.report.status, "applied", undone.log);
      assert.equal(sandbox.read(novaConf), original);
      assert.equal(
        sandbox.run("ls -A /var/lib/hostmem /run; ls -A /etc/nova").match(/hostmem-new|host-id|objects|hostmem\.\d/),
        null,
      );
    });

    it(`says what the tools said, and in plain words what they were to do, in ${name}`, () => {
      sandbox = prepared(shell);
      sandbox.copy(debianTool("busybox", "busybox-static"), "/usr/local/bin/busybox");
      // As with an immutable file, nobody can rename another one to it.
      const edited = sandbox.apply(planFor(sandbox, one), { before: `mount --bind ${novaConf} ${novaConf}` });
      assert.equal(edited.report.status, "failed", edited.log);
      assert.match(edited.report.reason ?? "", /^cannot write \/etc\/nova\/nova\.conf: mv: .*busy/);
      assert.equal(sandbox.read(novaConf), original);

      const what = "make the mount point /etc/passwd/x";
      const call: Step = { kind: "call", call: "make_mount_point", args: ["/etc/passwd/x"], line: undefined, what };
      const content: Step = { kind: "write-file", path: "/etc/passwd/x", before: undefined, content: "x", line: "" };
      const reasons = [call, content].map((step) => sandbox.apply({ steps: [step], warnings: [] }).report.reason ?? "");
      assert.match(reasons[0]!, /^cannot make the mount point \/etc\/passwd\/x: mkdir: .*Not a directory/);
      assert.match(reasons[1]!, /^cannot write \/etc\/passwd\/x: mkdir: .*\/etc\/passwd/);
    });
  }

  it("writes what a step has to say of its own failure, in a record, before it ends", () => {
    sandbox = prepared();
    const call = { kind: "call", call: "make_mount_point", line: undefined, what: "make it" } as const;
    const note = (content: string): WriteRecordStep => ({
      kind: "write-record",
      path: record,
      before: undefined,
      content,
    });
    const mark = note("{ began: 1 }\n");
    const failing: Step = { ...call, args: ["/etc/passwd/x"], onFailure: [note("failed\n")] };
    const done = sandbox.apply({ steps: [mark, failing, note("went on\n")], warnings: [] });
    assert.match(done.report.reason ?? "", /^cannot make it: mkdir: .*Not a directory/);
    assert.equal(sandbox.read(record), "failed\n");
    sandbox.write(record, "");
    const passing: Step = { ...call, args: ["/srv/x", "theirs"], onFailure: [note("failed\n")] };
    const written = sha256(sandbox.read(record)!);
    assert.equal(
      sandbox.apply({ steps: [{ ...mark, before: written }, passing], warnings: [] }).report.status,
      "applied",
    );
    assert.equal(sandbox.read(record), mark.content);
  });

  it("keeps owner, mode, extended attributes and access control list of what it edits", () => {
    sandbox = prepared();
    const facts = () =>
      sandbox.run(
        `stat -c '%a %u %g' ${novaConf}; python3 -c 'import os; print([(n, os.getxattr("${novaConf}", n)) for n in sorted(os.listxattr("${novaConf}"))])'`,
      );
    // user:65534:r-- beside owner, group, mask and others: the kernel's binary form of an ACL, see acl(5).
    sandbox.run(`chown 123:456 ${novaConf}; python3 -c '
import os, struct
entries = [(1, 6, 0xFFFFFFFF), (2, 4, 65534), (4, 4, 0xFFFFFFFF), (0x10, 4, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("${novaConf}", "system.posix_acl_access", acl)
os.setxattr("${novaConf}", "user.note", b"kept")'`);
    const before = facts();
    assert.match(before, /^640 123 456\n.*posix_acl_access.*user\.note/);
    assert.equal(apply(sandbox, one).report.status, "applied");
    assert.equal(sandbox.read(novaConf), changed);
    assert.equal(facts(), before);
  });

  it("edits the file that a symbolic link names, and leaves the link", () => {
    sandbox = prepared();
    sandbox.write("/srv/nova/real.conf", original, 0o640);
    sandbox.run(`rm ${novaConf}`);
    symlinkSync("/srv/nova/real.conf", sandbox.path("/etc/nova/link.conf"));
    sandbox.run(`mv /etc/nova/link.conf ${novaConf}`);
    const host = new DescribedHost({
      files: { [novaConf]: { lines: original.split("\n"), realPath: "/srv/nova/real.conf" } },
    });
    const { plan } = kind.evaluate(readArgs(kind, one), host.facts(), { recorded: undefined, planned: [] });
    assert.equal(sandbox.apply(plan).report.status, "applied");
    assert.equal(sandbox.run(`readlink ${novaConf}`), "/srv/nova/real.conf\n");
    assert.equal(sandbox.read("/srv/nova/real.conf"), changed);
  });

  it("leaves a file that has got another name since the plan was made, and says so", () => {
    sandbox = prepared();
    const plan = planFor(sandbox, one);
    sandbox.run(`ln ${novaConf} /etc/nova/other.conf`);
    const { report } = sandbox.apply(plan);
    assert.deepEqual(
      [report.status, report.reason],
      ["failed", `cannot write ${novaConf}: it has 2 names (hard links), and a change would reach this one alone`],
    );
    assert.equal(sandbox.read(novaConf), original);
    assert.equal(sandbox.run(`stat -c %h ${novaConf} /etc/nova/other.conf`), "2\n2\n");
  });

  it("changes nothing on a host that moved since the plan was made, and names the file", () => {
    sandbox = prepared();
    const plan = planFor(sandbox, { ...one, memoryBackingDir: "/var/lib/libvirt/qemu/ram2" });
    sandbox.write(qemuConf, "# another comment\n", 0o600);
    const { report } = sandbox.apply(plan);
    assert.deepEqual([report.status, report.moved, report.begun], ["moved", qemuConf, false]);
    assert.equal(sandbox.read(novaConf), original);
    assert.equal(sandbox.read(hostId), undefined);
    assert.equal(sandbox.run("ls -A /var/lib/hostmem/apply"), "");
  });

  it("that is run a second time finds that nothing is left for it", () => {
    sandbox = prepared();
    const plan = planFor(sandbox, one);
    assert.equal(sandbox.apply(plan).report.status, "applied");
    assert.equal(sandbox.apply(plan).report.status, "moved");
    assert.equal(sandbox.read(novaConf), changed);
    assert.deepEqual(planFor(sandbox, one).steps, []);
  });

  it("waits for whoever holds the host's lock, and gives up with the holder's name", async () => {
    sandbox = prepared();
    const lock = sandbox.path("/run/hostmem.lock");
    writeFileSync(lock, "other/prod/memory, pid 77");
    const holder = spawn("flock", [lock, "sh", "-c", "echo held; exec sleep 4"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const plan = planFor(sandbox, one);
    const busy = sandbox.apply(plan, { lockTimeoutSeconds: 1 });
    assert.deepEqual([busy.report.status, busy.report.holder], ["busy", "other/prod/memory, pid 77"]);
    assert.equal(sandbox.read(novaConf), original);

    const waited = sandbox.apply(plan, { lockTimeoutSeconds: 30 });
    assert.equal(waited.report.status, "applied", waited.log);
    assert.equal(waited.progress[0], "waits for the lock held by other/prod/memory, pid 77");
    assert.equal(sandbox.read(lock.slice(lock.indexOf("/run/"))), "project/stack/memory, pid 1\n0011\nended\n");
  });

  it("takes everything back when Nova refuses, and says why", () => {
    sandbox = prepared();
    const { report, progress } = apply(sandbox, { capacity: "666 MiB" });
    assert.equal(report.status, "rolled-back");
    assert.equal(report.reason, "nova-compute.service stopped right after its start");
    assert.match(report.log, /InternalError: Running Nova with 666 is refused/);
    assert.equal(progress.at(-1), "services run as before");
    assert.equal(sandbox.read(novaConf), original);
    for (const path of [record, pending, hostId]) assert.equal(sandbox.read(path), undefined, path);
    assert.equal(sandbox.read("/run/restarted"), "nova-compute.service\nnova-compute.service\n");
  });

  it("goes back to the values before, and not further, when a change is refused", () => {
    sandbox = prepared();
    apply(sandbox, { capacity: "1 GiB" });
    const before = sandbox.read(record);
    assert.equal(apply(sandbox, { capacity: "666 MiB" }).report.status, "rolled-back");
    assert.equal(sandbox.read(novaConf), changed);
    const written = (text: string) =>
      (JSON.parse(text).edits as OptionEdit[]).map((edit) => [edit.before, edit.ours[0]]);
    assert.deepEqual(written(sandbox.read(record)!), written(before!));
    assert.equal(sandbox.read(pending), undefined);
    assert.equal(apply(sandbox, "removed").report.status, "applied");
    assert.equal(sandbox.read(novaConf), original);
  });

  it("leaves a file that somebody else changed while it waited for Nova, says so, and forgets nothing", () => {
    sandbox = prepared();
    const { report } = sandbox.apply(planFor(sandbox, { capacity: "666 MiB" }), {
      before: `echo 'echo "; by hand" >>${novaConf}' >/run/somebody-else`,
    });
    assert.equal(report.status, "unhealthy");
    assert.deepEqual(report.kept, [novaConf]);
    assert.match(sandbox.read(novaConf)!, /file_backed_memory = 666[\s\S]*; by hand/);
    assert.match(sandbox.read(record)!, /file_backed_memory = 666/);
    assert.ok(sandbox.read(pending));

    sandbox.run("rm /run/somebody-else");
    const undone = apply(sandbox, "removed");
    assert.equal(undone.report.status, "applied", undone.log);
    // What was added stands at the end of the last line, which is not ours.
    assert.equal(sandbox.read(novaConf), `${original}; by hand\n; by hand\n`);
  });

  it("forgets the host with its last object, and not before", () => {
    sandbox = prepared();
    apply(sandbox, one);
    sandbox.write("/var/lib/hostmem/objects/Other.json", '{"version":1,"owner":"a/b/c","edits":[]}\n');
    assert.equal(apply(sandbox, "removed").report.status, "applied");
    assert.equal(sandbox.read(record), undefined);
    assert.ok(sandbox.read(hostId));
    sandbox.run("rm /var/lib/hostmem/objects/Other.json");
    apply(sandbox, one);
    apply(sandbox, "removed");
    assert.equal(sandbox.run("ls -A /var/lib/hostmem | grep -v '^apply$'"), "");
  });

  it("leaves a file as it was where there is no room for the new one", () => {
    sandbox = prepared();
    const full = `
      mkdir /tmp/nova && cp -a /etc/nova/. /tmp/nova && mount -t tmpfs -o size=8k tmpfs /etc/nova &&
      cp -a /tmp/nova/. /etc/nova && head -c 100000 /dev/zero >/etc/nova/filler 2>/dev/null`;
    const script = planFor(sandbox, one);
    const { report, log } = sandbox.apply(script, {
      before: `${full}; trap 'ls -A /etc/nova; cat ${novaConf} >/srv-after; ls -A /etc/nova >/srv-names' EXIT`,
    });
    assert.equal(report.status, "failed", log);
    assert.match(report.reason ?? "", /cannot write \/etc\/nova\/nova\.conf: .*No space left on device/);
    assert.equal(sandbox.read("/srv-after"), original);
    assert.equal(sandbox.read("/srv-names"), "filler\nnova-compute.conf\nnova.conf\n");
    assert.ok(sandbox.read(pending), "the restart that may be outstanding is noted");
    assert.equal(apply(sandbox, one).report.status, "applied");
    assert.equal(sandbox.read(novaConf), changed);
  });
});
