import { strict as assert } from "node:assert";
import { launchScript } from "../../provider/core/host/library";
import { Sandbox } from "../support/sandbox/sandbox";

const home = "/var/lib/hostmem/apply/0011";
/** Says three things over a second and ends well, as an apply does. */
const script = `exec >>${home}/log
echo one; sleep 0.5; printf tw; sleep 0.5; echo o; echo three; echo applied >${home}/status.new; mv ${home}/status.new ${home}/status`;

describe("starting an apply, and following it", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  const follow = (text = script) => `( ${launchScript({ id: "0011", nonce: "n" }, text, 60)} ); echo "exit $?"`;

  it("shows all that it says, once, and leaves nothing behind when it is over", () => {
    assert.equal(sandbox.run(follow()), "one\ntwo\nthree\nexit 0\n");
    assert.equal(sandbox.run("ls -d /var/lib/hostmem 2>&1 || :").includes("cannot access"), true);
    assert.equal(sandbox.read("/run/started"), "hostmem-apply-0011\n");
  });

  it("does not start it again when a link is lost, and shows it from its start", () => {
    const lost = `sh -c '${follow().replaceAll("'", "'\\''")}' >/tmp/first & sleep 0.3; kill -9 $!`;
    const said = sandbox.run(`${lost}; ${follow()}`);
    assert.equal(said, "one\ntwo\nthree\nexit 0\n");
    assert.equal(sandbox.read("/run/started"), "hostmem-apply-0011\n");
  });

  it("ends when the apply is cut, and leaves nothing of it behind", () => {
    const said = sandbox.run(follow(`exec >>${home}/log\necho begun\nkill -9 $$`));
    assert.equal(said, "begun\nexit 0\n");
    assert.match(sandbox.run("ls -d /var/lib/hostmem 2>&1 || :"), /cannot access/);
  });

  it("says so when the apply cannot be started, and changes nothing", () => {
    sandbox.write("/run/systemd-run-fails", "");
    assert.equal(sandbox.run(follow()), "exit 72\n");
    assert.match(sandbox.run("ls -d /var/lib/hostmem 2>&1 || :"), /cannot access/);
  });

  it("is not hindered by others that end at the same moment and take the empty folders away", () => {
    const quick = `echo applied >${home}/status.new; mv ${home}/status.new ${home}/status`;
    const others = "while rmdir /var/lib/hostmem/apply /var/lib/hostmem; [ ! -e /tmp/over ]; do :; done 2>/dev/null &";
    const many = `for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do ${follow(quick)}; done; touch /tmp/over; wait`;
    assert.equal(sandbox.run(`${others} ${many}`), "exit 0\n".repeat(15));
  });

  it("says so when there is no room for it", () => {
    const said = sandbox.run(`mkdir -p /var/lib/hostmem && mount -t tmpfs -o ro tmpfs /var/lib/hostmem; ${follow()}`);
    assert.match(said, /^exit 71$/m);
    assert.equal(sandbox.read("/run/started"), undefined);
  });

  it("leaves nothing where there was room for a part of it", () => {
    const full = "mkdir -p /var/lib/hostmem && mount -t tmpfs -o size=8k tmpfs /var/lib/hostmem";
    const said = sandbox.run(`${full}; { ${follow(`: ${"x".repeat(20_000)}`)}; } 2>/dev/null; ls -A /var/lib/hostmem`);
    assert.equal(said, "exit 71\n");
  });
});
