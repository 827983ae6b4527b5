import { strict as assert } from "node:assert";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { beginTrial } from "../support/trials";
import { errorsOf, hostWarnings, LabStack, loginOf, operationsOf } from "./support/labStack";
import { traces } from "./support/novaState";
import { mountAt } from "./support/storeState";

const mountPoint = "/srv/guest-memory";
const head = `
  const pulumi = require("@pulumi/pulumi");
  const { BackingStore } = require("pulumi-hostmem");
  const connection = new pulumi.Config().requireObject("connection");
  class Group extends pulumi.ComponentResource {
    constructor(name) { super("test:index:Group", name); }
  }
`;

describe("an object of a host", function () {
  this.timeout(240_000);
  let host: LabHost;
  let stack: LabStack;
  let fstab: string;

  /** A program; STORE stands for the arguments of a store on the host's first disk, without braces. */
  const program = (body: string) => ({
    javascript:
      head + body.replaceAll("STORE", `connection, device: "${host.disksById[0]}", mountPoint: "${mountPoint}"`),
  });
  const named = (name: string, extra = "", options = "{}") =>
    program(`new BackingStore("${name}", { STORE, ${extra} }, ${options});`);

  before(async function () {
    this.timeout(20 * 60_000);
    host = await startLabHost({ kind: "light", name: "owners" });
    fstab = await host.readFile("/etc/fstab");
    stack = await LabStack.create(host, { program: named("one") });
    await stack.up();
    await host.succeed(`echo kept > ${mountPoint}/guest-memory-file`);
  });
  after(async () => {
    stack?.remove();
    await host?.destroy();
  });

  const ownerOnHost = async () =>
    JSON.parse(await host.readFile("/var/lib/hostmem/objects/BackingStore.json")).owner as string;
  /** The number of the mount changes with every mount(2), and a file in the store shows what a format would cost. */
  const inUse = () =>
    host.succeed(`grep ' ${mountPoint} ' /proc/self/mountinfo | cut -d' ' -f1,3; cat ${mountPoint}/*; cat /etc/fstab`);

  /** Another owner is refused in preview and update, with the owner's name, and the host stays as it is. */
  async function mustBeRefused(name: string, other: LabStack, says: RegExp): Promise<void> {
    const prove = beginTrial("owners", name, ["refused", "named"]);
    const present = await inUse();
    const errors = errorsOf(await other.failingUp()).replace(/\s+/g, " ");
    assert.equal(await inUse(), present);
    prove("refused");
    assert.match(errors, says);
    prove("named");
  }

  /** An up that must neither undo nor remake what is in use; after it the preview is empty and the owner as told. */
  async function mustKeep(name: string, act: () => Promise<unknown>, owner: string): Promise<void> {
    const prove = beginTrial("replaced and renamed", name, ["kept in use", "nothing to do afterwards"]);
    const present = await inUse();
    await act();
    assert.equal(await inUse(), present);
    assert.equal(await ownerOnHost(), owner);
    prove("kept in use");
    await stack.preview({ expectNoChanges: true });
    prove("nothing to do afterwards");
  }
  const upWith = (next: ReturnType<typeof program>, flags: string[] = []) => {
    stack.project.setProgram(next);
    return stack.up({ flags });
  };

  it("has one owner: another resource of the program, stack or project is refused, and told whose it is", async () => {
    const twice = program(`new BackingStore("one", { STORE });
      new BackingStore("two", { STORE, connection: { ...connection, dialErrorLimit: 7 } });`);
    stack.project.setProgram(twice);
    await mustBeRefused(
      "another resource, by another way to the host",
      stack,
      /BackingStore of this host is already declared by hostmem-test\/test\/one; a host has one|belongs to hostmem-test\/test\/one /,
    );
    stack.project.setProgram(
      program(`new BackingStore("one", { STORE });
      new BackingStore("one", { STORE }, { parent: new Group("group") });`),
    );
    await mustBeRefused(
      "another resource of the same name",
      stack,
      /already declared by another resource of that name; a host has one/,
    );
    stack.project.setProgram(named("one"));
    for (const [name, names] of Object.entries({
      "another stack": { stack: "other" },
      "another project": { name: "other-project" },
    })) {
      const other = await LabStack.create(host, { program: named("one"), ...names });
      try {
        await mustBeRefused(
          name,
          other,
          /belongs to hostmem-test\/test\/one \(project\/stack\/resource\)\. Destroy it there, or take it over with takeOverFrom: "hostmem-test\/test\/one"/,
        );
      } finally {
        other.remove();
      }
    }
  });

  it("is not destroyed by whatever the engine makes of a replacement or a rename", async () => {
    const urn = "urn:pulumi:test::hostmem-test::pulumi-nodejs:dynamic/hostmem:BackingStore::one";
    await mustKeep("replaced on demand", () => stack.up({ flags: ["--replace", urn] }), "hostmem-test/test/one");
    await mustKeep(
      "replaced on demand, made before it is deleted",
      () => upWith(named("one", "", "{ deleteBeforeReplace: false }"), ["--replace", urn]),
      "hostmem-test/test/one",
    );
    await mustKeep(
      "moved below a component, without an alias",
      () => upWith(program(`new BackingStore("one", { STORE }, { parent: new Group("group") });`)),
      "hostmem-test/test/one",
    );
    await mustKeep(
      "renamed with an alias",
      () =>
        upWith(
          named(
            "two",
            "",
            `{ aliases: [{ name: "one", parent: "urn:pulumi:test::hostmem-test::test:index:Group::group" }] }`,
          ),
        ),
      "hostmem-test/test/two",
    );
    const renamed = urn.replace(/one$/, "two");
    await mustKeep(
      "renamed with an alias, then replaced",
      () => stack.up({ flags: ["--replace", renamed] }),
      "hostmem-test/test/two",
    );

    stack.project.setProgram(named("three"));
    await mustBeRefused(
      "a resource renamed without an alias",
      stack,
      /If it was renamed, say so in its options: aliases: \[\{ name: "two" \}\]/,
    );
    await mustKeep(
      "renamed and taken over",
      () => upWith(named("three", `takeOverFrom: "hostmem-test/test/two"`)),
      "hostmem-test/test/three",
    );
    await mustKeep(
      "renamed in the state alone",
      async () => {
        await stack.project.command(["state", "rename", renamed.replace(/two$/, "three"), "four", "--yes"]);
        await upWith(named("three"));
      },
      "hostmem-test/test/three",
    );
  });

  it("goes with its resource to another stack, and the former one is refused from then on", async () => {
    await stack.project.command(["stack", "init", "moved"]);
    await stack.project.command([
      "config",
      "set",
      "--secret",
      "connection",
      JSON.stringify(loginOf(host)),
      "--stack",
      "moved",
    ]);
    const urn = "urn:pulumi:test::hostmem-test::pulumi-nodejs:dynamic/hostmem:BackingStore::three";
    const inMoved = { flags: ["--stack", "moved"] };
    await mustKeep(
      "moved to another stack",
      async () => {
        await stack.project.command(["state", "move", "--yes", "--source", "test", "--dest", "moved", urn]);
        await stack.up(inMoved);
        await stack.preview({ ...inMoved, expectNoChanges: true });
        await stack.project.command(["stack", "select", "moved"]);
      },
      "hostmem-test/moved/three",
    );
    await stack.project.command(["stack", "select", "test"]);
    await mustBeRefused("the stack that it was moved from", stack, /belongs to hostmem-test\/moved\/three/);
  });

  it("is taken over from a state that is lost, kept as it is, and given back as it was", async () => {
    const present = await inUse();
    stack.remove();
    stack = await LabStack.create(host, {
      program: named("again", `takeOverFrom: "hostmem-test/moved/three"`),
      stack: "new",
    });
    const preview = await stack.preview();
    assert.deepEqual(operationsOf(preview), { BackingStore: "create" });
    assert.deepEqual(hostWarnings(preview), ["BackingStore belonged to hostmem-test/moved/three until now"]);
    await stack.up();
    assert.equal(await ownerOnHost(), "hostmem-test/new/again");
    assert.equal(await inUse(), present);
    await stack.preview({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });

    await stack.destroy();
    assert.equal(await host.readFile("/etc/fstab"), fstab);
    assert.equal(await mountAt(host, mountPoint), undefined);
    assert.deepEqual(await traces(host), []);

    // The file system is its first owner's by name: known again by who names that one, and kept from who does not.
    stack.project.setProgram(named("again"));
    assert.match(
      errorsOf(await stack.failingPreview()).replace(/\s+/g, " "),
      /looks like the store of another owner: .* takeOverFrom/,
    );
    await upWith(named("again", `takeOverFrom: "hostmem-test/test/one"`));
    assert.equal(await host.readFile(`${mountPoint}/guest-memory-file`), "kept\n");
    await stack.preview({ expectNoChanges: true });
    await stack.destroy();
    assert.deepEqual(await traces(host), []);
  });
});
