import { strict as assert } from "node:assert";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { keepSome } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { errorsOf, hostWarnings, LabStack, loginOf, operationsOf } from "./support/labStack";
import { traces } from "./support/novaState";
import { mountAt } from "./support/storeState";

const mountPoint = "/srv/guest-memory";
const records = "/var/lib/hostmem";
/** One store for each host, named after it. */
const javascript = `
  const pulumi = require("@pulumi/pulumi");
  const { BackingStore } = require("pulumi-hostmem");
  for (const [name, connection] of Object.entries(new pulumi.Config().requireObject("connection"))) {
    new BackingStore(name, { connection, fileSystem: "tmpfs", size: "64 MiB", mountPoint: "${mountPoint}" });
  }
`;

describe("two hosts of which one was cloned from the other", function () {
  this.timeout(240_000);
  let one: LabHost;
  let two: LabHost;
  let stack: LabStack;
  before(async function () {
    this.timeout(20 * 60_000);
    const start = (name: string) => startLabHost({ kind: "light", name });
    [one, two] = await Promise.all([start("clone-a"), start("clone-b")]);
    stack = await LabStack.create(one, {
      program: { javascript },
      connection: { one: loginOf(one), two: loginOf(two) },
    });
  });
  after(async () => {
    stack?.remove();
    await Promise.all([one?.destroy(), two?.destroy()]);
  });
  const idOf = async (host: LabHost) => (await host.succeed(`sed 1q ${records}/host-id`)).trim();

  it("are two hosts, and told to have one machine-id", async () => {
    const prove = beginTrial("owners", "two hosts with one machine-id", ["named", "kept apart"]);
    const [own, first] = [await two.readFile("/etc/machine-id"), await one.readFile("/etc/machine-id")];
    await two.succeed("cat > /etc/machine-id", { input: first });
    const preview = await stack.preview();
    // Whichever of the two was looked at second.
    const twins = [one, two].map(({ address }) => `has the machine-id of ${address}, too: one is a clone`);
    const told = hostWarnings(preview).filter((line) => twins.some((twin) => line.startsWith(twin)));
    assert.equal(told.length, 1, preview.stdout);
    prove("named");
    await stack.up();
    assert.notEqual(await idOf(one), await idOf(two));
    assert.ok((await mountAt(one, mountPoint)) && (await mountAt(two, mountPoint)));
    await stack.preview({ expectNoChanges: true });
    await stack.destroy();
    assert.deepEqual([...(await traces(one)), ...(await traces(two))], []);
    await two.succeed("cat > /etc/machine-id", { input: own });
    prove("kept apart");
  });

  it("whose records came along with the disk is refused to others, named, and gets an identity of its own", async () => {
    await stack.connect({ one: loginOf(one) });
    await stack.up();
    const copy = await one.succeed(`tar -C / -c var/lib/hostmem etc/fstab | base64 -w 0`);
    await two.succeed("base64 -d | tar -C / -x", { input: copy });
    await two.succeed(`mkdir -p ${mountPoint}; systemctl daemon-reload; mount ${mountPoint}`);

    await stack.connect({ one: loginOf(one), two: loginOf(two) });
    const prove = beginTrial("owners", "records on a disk that was copied", ["refused", "named", "kept apart"]);
    const refused = errorsOf(await stack.failingUp()).replace(/\s+/g, " ");
    prove("refused");
    assert.match(
      refused,
      /belongs to hostmem-test\/test\/one .* takeOverFrom: "hostmem-test\/test\/one"\. This record was made on another machine/,
    );
    prove("named");

    // The same owner, now sent to the copy: taken back where it was, and known to be another host where it is.
    const original = await idOf(one);
    await stack.connect({ one: loginOf(two) });
    const moved = await stack.up();
    assert.equal(operationsOf(moved)["BackingStore"], "create-replacement");
    assert.notEqual(await idOf(two), original);
    assert.deepEqual(await traces(one), []);
    assert.ok(await mountAt(two, mountPoint));
    await stack.preview({ expectNoChanges: true });
    await stack.destroy();
    assert.deepEqual(await traces(two), []);
    prove("kept apart");
  });

  it("that was installed anew is made again, and nothing that is there is taken for ours", async () => {
    await stack.connect({ one: loginOf(one) });
    await stack.up();
    const prove = beginTrial("owners", "a host that was installed anew", ["named", "kept apart"]);
    await one.succeed(
      `umount ${mountPoint}; chattr -i ${mountPoint}; rm -rf ${records} ${mountPoint}; sed -i '\\# ${mountPoint} #d' /etc/fstab; systemctl daemon-reload`,
    );
    const preview = await stack.preview();
    assert.equal(operationsOf(preview)["BackingStore"], "create-replacement");
    prove("named");
    await stack.up();
    assert.ok(await mountAt(one, mountPoint));
    await stack.preview({ expectNoChanges: true });
    await stack.destroy();
    assert.deepEqual(await traces(one), []);
    prove("kept apart");
  });

  keepSome(this, "clones", 1);
});
