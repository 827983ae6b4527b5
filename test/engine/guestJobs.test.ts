import { strict as assert } from "node:assert";
import { collectGuests, parseGuestDigest, parseGuests } from "../../provider/core/facts/guests";
import { Sections, sectionPrelude } from "../../provider/core/facts/sections";
import { kinds } from "../../provider/core/kinds";
import { readArgs } from "../support/plans/planCase";
import { nonce, Sandbox } from "../support/sandbox/sandbox";

const novaConf = "/etc/nova/nova.conf";
const pending = "/var/lib/hostmem/pending.json";
const kind = kinds.get("FileBackedMemoryConfig")!;
const files = [novaConf, "/etc/nova/nova-compute.conf", "/etc/libvirt/qemu.conf"];

/** As libvirt writes it: what it is at with a guest comes before the guest's definition. */
const statusOf = (id: number, name: string, job = "") =>
  `<domstatus state='running' reason='booted' pid='728'>\n${job}  <domain type='kvm' id='${id}'>\n    <name>${name}</name>\n`;
const job = (what: string, phase: string) =>
  `  <job type='none' async='${what}' phase='${phase}' flags='0x0'>\n    <disk dev='vda' migrating='yes'/>\n  </job>\n`;
const migration = job("migration out", "perform3");

describe("what libvirt is at with guests", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    for (const path of files) sandbox.write(path, path === novaConf ? "[DEFAULT]\n[libvirt]\n" : "");
    sandbox.write(one, statusOf(1, "one"));
  });
  afterEach(() => sandbox.remove());

  const one = "/run/libvirt/qemu/one.xml";

  function read() {
    sandbox.write("/tmp/hostmem-facts", [sectionPrelude(nonce), collectGuests, "section end\n"].join(""));
    const sections = Sections.parse("host", nonce, sandbox.run("sh -s </tmp/hostmem-facts"));
    return { digest: parseGuestDigest(sections), jobs: parseGuests(sections).map((guest) => guest.job) };
  }

  /** As a preview saw the host; what happens to it since then is not in the plan. */
  function planned() {
    const { plan, problems } = kind.evaluate(readArgs(kind, { capacity: "1 GiB" }), sandbox.host(files).facts(), {
      recorded: undefined,
      planned: [],
    });
    assert.deepEqual(problems, []);
    return plan;
  }

  it("is read from its own files", () => {
    assert.deepEqual(read().jobs, [undefined]);
    for (const what of ["migration out", "migration in", "save", "snapshot"]) {
      sandbox.write(one, statusOf(1, "one", job(what, "begin3")));
      assert.deepEqual(read().jobs, [what]);
    }
    sandbox.write(one, statusOf(1, "one", "  <job type='destroy' async='none'/>\n"));
    assert.deepEqual(read().jobs, [undefined]);
  });

  it("changes the digest, as guests that come and go do, and how far it is does not", () => {
    const digests = [
      () => {},
      () => sandbox.write(one, statusOf(2, "one")),
      () => sandbox.write(one, statusOf(2, "one", migration)),
      () => sandbox.write("/run/libvirt/qemu/two.xml", statusOf(3, "two")),
      () => sandbox.run("rm /run/libvirt/qemu/*.xml"),
    ].map((happen) => {
      happen();
      return read().digest;
    });
    assert.equal(new Set(digests).size, digests.length, digests.join(" "));
    for (const digest of digests) assert.match(digest, /^[0-9a-f]{64}$/);
    const [first, second] = ["perform3", "finish3"].map((phase) => {
      sandbox.write(one, statusOf(2, "one", job("migration out", phase)));
      return read().digest;
    });
    assert.equal(first, second);
  });

  it("has an apply begin while it is as the plan saw it, and the plan made anew otherwise", () => {
    const plan = planned();
    const basis = { lockHash: undefined, files: new Map(), guestDigest: read().digest };
    sandbox.write("/run/libvirt/qemu/two.xml", statusOf(2, "two"));
    const moved = sandbox.apply(plan, { basis });
    assert.deepEqual([moved.report.status, moved.report.moved], ["moved", "what guests do"], moved.log);
    assert.equal(moved.report.begun, false);
    sandbox.run("rm /run/libvirt/qemu/two.xml");
    assert.equal(sandbox.apply(plan, { basis }).report.status, "applied");
  });

  /** It begins once the apply has: with the first of the files that are put in their places. */
  const begins = () => {
    sandbox.write("/srv/migration", statusOf(1, "one", migration));
    sandbox.write("/usr/sbin/mv", `#!/bin/sh\ncp /srv/migration ${one}\nexec /usr/bin/mv "$@"\n`, 0o755);
  };

  it("is asked for right before a restart, which then is left to the next up", () => {
    const basis = { lockHash: undefined, files: new Map(), guestDigest: read().digest };
    begins();
    const { report, log } = sandbox.apply(planned(), { basis });
    assert.equal(report.status, "failed", log);
    assert.equal(report.reason, "libvirt is at work on guests, so that nothing was restarted: one (migration out)");
    assert.equal(sandbox.read("/run/restarted"), undefined);
    assert.ok(sandbox.read(pending));

    sandbox.run(`rm /usr/sbin/mv`);
    sandbox.write(one, statusOf(1, "one"));
    assert.equal(sandbox.apply(planned(), { basis }).report.status, "applied");
    assert.equal(sandbox.read("/run/restarted"), "nova-compute.service\n");
    assert.equal(sandbox.read(pending), undefined);
  });

  it("holds up no restart that is allowed all the same", () => {
    begins();
    assert.equal(sandbox.apply(planned(), { allowJobs: true }).report.status, "applied");
    assert.equal(sandbox.read("/run/restarted"), "nova-compute.service\n");
  });
});
