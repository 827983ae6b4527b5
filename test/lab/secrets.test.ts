import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OperationResult, Project } from "../engine/support/project";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { run } from "../support/lab/process";
import { compareUpper, ordinaryWrites, recordUpper } from "../support/lab/upperRecord";
import { ProcessWatch } from "../support/processWatch";
import { formsOf } from "../support/secrets";
import { PrivatePlace } from "../support/ssh/places";
import { beginTrial, type Prove } from "../support/trials";
import { appliesSince, journalPlace } from "./support/novaState";
import { filesWith, onHost } from "./support/search";
import {
  authorize,
  letMountFail,
  letMountGoOn,
  letMountWait,
  makeUser,
  pinned,
  setPassword,
  sudoLog,
  untilMountWaits,
} from "./support/secretHosts";

const places = [
  "not in state",
  "not in the state of a failed create",
  "not in logs",
  "not in error texts",
  "not on a host while an apply runs",
  "not on a host between up and destroy",
  "not on a host after destroy",
  "not in a process or its environment",
] as const;
type Place = (typeof places)[number];

/** Something that each way of writing it down writes differently. */
const newPassword = () => `p'w "%41" \\ é ${randomBytes(9).toString("base64url")}`;

/**
 * Its secrets come from a file, as they would from a secret store: those of a stack's configuration are in clear in the
 * environment of the program, where Pulumi's language host puts all of it (PULUMI_CONFIG).
 */
const program = `
const { BackingStore } = require("pulumi-hostmem");
const hosts = JSON.parse(require("fs").readFileSync(process.env.TEST_HOSTS, "utf8"));
for (const [name, access] of Object.entries(hosts)) {
  new BackingStore(name, { ...access, fileSystem: "tmpfs", size: "64 MiB" });
}`;

/**
 * What Pulumi itself writes down of every property of every resource, whoever made it: the engine at -v=9, and its SDK with
 * --debug. Nobody else may, and nothing of ours is in their way.
 */
const pulumisOwn =
  /"(msg|message)":"((Unm|M)arshaling property for RPC\[|(eventSink::Debug\()?(<\{%reset%\}>)?RegisterResource RPC finished: )/;

describe("secrets of every kind, used on real hosts", function () {
  this.timeout(480_000);
  const place = new PrivatePlace();
  const secrets = new Map<string, { text: string; prove: Prove<Place> }>();
  const hosts: LabHost[] = [];
  const logs: string[] = [];
  const errors: string[] = [];
  let project: Project;
  let watch: ProcessWatch;
  let access: Record<string, { connection: Record<string, unknown>; become: Record<string, unknown> }>;
  let keys: string;
  let keyFile: string;

  /** A secret under the name of its row. */
  function secret(name: string, text = newPassword()): string {
    secrets.set(name, { text, prove: beginTrial("secrets searched", name, places) });
    return text;
  }

  before(async function () {
    this.timeout(20 * 60_000);
    place.enter();
    keys = mkdtempSync("/tmp/hostmem-keys-");
    hosts.push(
      ...(await Promise.all(["one", "two"].map((name) => startLabHost({ kind: "light", name: `secrets-${name}` })))),
    );
    const [one, two] = hosts as [LabHost, LabHost];
    const login = secret("password of a login");
    const rootPassword = secret("password for sudo, root's own");
    const hopPassword = secret("password of a proxy");
    const userPassword = secret("password for sudo, the user's own");
    const textPassphrase = secret("passphrase of a key as text");
    const filePassphrase = secret("passphrase of a key file");
    const textKey = await newKey(textPassphrase);
    secret("encrypted key as text", textKey.text);
    const fileKey = await newKey(filePassphrase);
    keyFile = fileKey.file;
    await makeUser(one, "by-password", {
      password: login,
      // sudoers(5): all that sudo itself is given, and all that goes to a command, in files that can be searched.
      sudoers: `Defaults:by-password rootpw, log_input, log_output, use_pty, !compress_io, iolog_dir=${sudoLog}\nby-password ALL=(ALL) ALL`,
    });
    await setPassword(one, "root", rootPassword);
    await makeUser(two, "hop-password", { password: hopPassword });
    await makeUser(two, "by-key", {
      password: userPassword,
      publicKey: fileKey.publicKey,
      sudoers: "by-key ALL=(ALL) ALL",
    });
    await makeUser(one, "hop-key", { publicKey: textKey.publicKey });
    const none = { agentSocketPath: "/nonexistent" };
    // Each host is its own proxy, since lab hosts do not reach each other.
    access = {
      one: {
        connection: {
          ...pinned(one),
          ...none,
          user: "by-password",
          password: login,
          proxy: { ...pinned(one), user: "hop-key", privateKey: textKey.text, privateKeyPassword: textPassphrase },
        },
        become: { password: rootPassword },
      },
      two: {
        connection: {
          ...pinned(two),
          ...none,
          user: "by-key",
          privateKeyFile: keyFile,
          privateKeyPassword: filePassphrase,
          proxy: { ...pinned(two), ...none, user: "hop-password", password: hopPassword },
        },
        become: { password: userPassword },
      },
    };
    project = await Project.create({
      program: { javascript: program },
      environment: { TEST_HOSTS: join(keys, "hosts") },
    });
    configure();
  });
  after(async () => {
    watch?.stop();
    project?.remove();
    place.leave();
    rmSync(keys, { recursive: true, force: true });
    await Promise.all(hosts.map((host) => host.destroy()));
  });

  async function newKey(passphrase: string): Promise<{ file: string; text: string; publicKey: string }> {
    const file = join(keys, `key-${randomBytes(4).toString("hex")}`);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", file]);
    return { file, text: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8") };
  }

  const configure = () => writeFileSync(join(keys, "hosts"), JSON.stringify(access), { mode: 0o600 });

  async function remember(running: Promise<OperationResult>): Promise<OperationResult> {
    const result = await running;
    logs.push(result.stdout, result.stderr, JSON.stringify(result.diagnostics));
    return result;
  }

  async function failing(running: Promise<OperationResult>): Promise<string> {
    const result = await running;
    assert.notEqual(result.code, 0, result.stdout);
    errors.push(result.stdout, result.stderr, JSON.stringify(result.diagnostics));
    return result.diagnostics.map(({ message }) => message).join("\n");
  }

  it("serve a create that fails half-way, whose beginning is taken back", async () => {
    watch = new ProcessWatch(allForms(), undefined, 25);
    for (const host of hosts) await letMountFail(host);
    const said = await failing(project.up({ mustSucceed: false, flags: ["--logtostderr", "-v=8"] }));
    assert.match(said, /no mounts today/);
    await state.keep("failed create");
    assert.match(state.kept["failed create"]!, /"type": "[^"]*BackingStore/, "it is in state, as it has begun");
    await searchHosts("failed create");
    await remember(project.destroy());
    for (const host of hosts) await letMountGoOn(host);
  });

  it("serve a preview, an update, and a preview that finds nothing to do", async () => {
    const debug = { environment: { HOSTMEM_DEBUG: "1" } };
    await remember(project.preview({ flags: ["--logtostderr", "-v=8"], ...debug }));
    for (const host of hosts) await letMountWait(host);
    const running = project.up({ flags: ["--logtostderr", "-v=9", "--debug"], ...debug });
    running.catch(() => {});
    for (const host of hosts) await untilMountWaits(host);
    await searchHosts("apply");
    for (const host of hosts) await letMountGoOn(host);
    const up = await running;
    assert.equal(up.changes["create"], 3);
    // With --debug a message on the screen goes on over lines that do not say whose it is; in the log of events each is one.
    logs.push(up.stderr, readFileSync(join(project.directory, "..", "events.jsonl"), "utf8"));
    for (const host of hosts)
      assert.match(await host.readFile("/proc/mounts"), /tmpfs \/var\/lib\/libvirt\/qemu\/ram /);
    await remember(project.preview({ expectNoChanges: true }));
    await searchHosts("up");
  });

  it("are all named by one preview that uses wrong ones, and shown by none", async () => {
    const right = structuredClone(access);
    const login = secret("wrong password of a login");
    const passphrase = secret("wrong passphrase of a key file");
    watch.lookFor(allForms());
    access["one"]!.connection["password"] = login;
    access["two"]!.connection["privateKeyPassword"] = passphrase;
    configure();
    const flags = ["--logtostderr", "-v=8"];
    const said = await failing(project.preview({ mustSucceed: false, flags, environment: { HOSTMEM_DEBUG: "1" } }));
    assert.match(said, /refused every credential[^\n]*\n[^\n]*Tried password for user by-password/);
    assert.match(said, /Tried privateKeyFile for user by-key[^\n]*privateKeyPassword/);
    access = structuredClone(right);
    access["one"]!.become["password"] = secret("wrong password for sudo");
    access["two"]!.connection["proxy"] = {
      ...(right["two"]!.connection["proxy"] as object),
      password: secret("wrong password of a proxy"),
    };
    watch.lookFor(allForms());
    configure();
    const saidToo = await failing(project.up({ mustSucceed: false }));
    assert.match(saidToo, /sudo did not accept the password/);
    assert.match(saidToo, /proxy \S+: the host refused every credential/);
    access = right;
  });

  it("can be replaced by others, which runs nothing on a host, and serve refresh and destroy then", async () => {
    const [one, two] = hosts as [LabHost, LabHost];
    const plain = await newKey("");
    const key = secret("key as text", plain.text);
    const rootPassword = secret("new password for sudo");
    const passphrase = secret("new passphrase of a key file");
    const old = access["two"]!.connection["privateKeyPassword"] as string;
    watch.lookFor([]); // ssh-keygen takes both as arguments
    await run("ssh-keygen", ["-q", "-p", "-P", old, "-N", passphrase, "-f", keyFile]);
    watch.lookFor(allForms());
    await setPassword(one, "root", rootPassword);
    await authorize(one, "by-password", plain.publicKey);
    await one.succeed("passwd -q -l by-password");
    const { password: _, ...rest } = access["one"]!.connection;
    access["one"] = { connection: { ...rest, privateKey: key }, become: { password: rootPassword } };
    access["two"]!.connection["privateKeyPassword"] = passphrase;
    configure();

    const before = await Promise.all(hosts.map((host) => journalPlace(host)));
    // Sudo records the look at a host, too, where it is told to record everything.
    const recorded = (host: LabHost) => recordUpper(host, [...ordinaryWrites, new RegExp(`^${sudoLog}$`)]);
    const uppers = hosts.map(recorded);
    const up = await remember(project.up());
    assert.equal(up.changes["update"], 2, JSON.stringify(up.changes));
    for (const [index, host] of hosts.entries()) {
      assert.equal(await appliesSince(host, before[index]!), 0);
      assert.deepEqual(compareUpper(uppers[index]!, recorded(host)), []);
    }
    // Neither runs the program: what they know is what state has.
    await remember(project.refresh({ expectNoChanges: true }));
    await state.keep("end");
    await searchHosts("end");
    await remember(project.destroy({ flags: ["--logtostderr", "-v=9"] }));
    for (const host of [one, two]) assert.doesNotMatch(await host.readFile("/proc/mounts"), /qemu\/ram/);
  });

  /** Everything of the stack on this machine: checkpoints with their history, saved events, Pulumi's own home. */
  const state = {
    kept: {} as Record<string, string>,
    keep: async (when: string) => {
      state.kept[when] = (await project.command(["stack", "export"])).stdout;
    },
  };

  /** What the hosts have of any secret that there is by now, by the moment at which they were searched. */
  const foundOnHosts = new Map<string, string[]>();
  async function searchHosts(when: string): Promise<void> {
    const found = await Promise.all(
      hosts.map(async (host) => (await onHost(host, allForms())).map((place) => `${place} of ${host.name}`)),
    );
    foundOnHosts.set(when, found.flat());
  }

  it("are found in none of all these places", async () => {
    watch.stop();
    assert.ok(watch.samples > 100, String(watch.samples));
    const recorded = await hosts[0]!.succeed(`cat $(find ${sudoLog} -type f -name '*in') | wc -c`);
    assert.ok(Number(recorded) > 10_000, `sudo has recorded ${recorded} bytes of input`);
    const logged = logs
      .join("\n")
      .split("\n")
      .filter((line) => !pulumisOwn.test(line))
      .join("\n");
    const said = errors.join("\n");
    for (const [name, { text, prove }] of secrets) {
      const forms = [...formsOf(text).keys()];
      const isIn = (place: string) => place.split("\n").filter((line) => forms.some((form) => line.includes(form)));
      assert.deepEqual(isIn(state.kept["end"]!), [], `${name} in the exported state`);
      assert.deepEqual(await filesWith(forms, join(project.directory, "..")), [], `${name} in the stack's files`);
      prove("not in state");
      assert.deepEqual(isIn(state.kept["failed create"]!), [], `${name} in the state of a failed create`);
      prove("not in the state of a failed create");
      assert.deepEqual(isIn(logged), [], `${name} in logs`);
      prove("not in logs");
      assert.deepEqual(isIn(said), [], `${name} in error texts`);
      prove("not in error texts");
      assert.deepEqual(foundOnHosts.get("apply"), []);
      prove("not on a host while an apply runs");
      for (const when of ["failed create", "up", "end"]) assert.deepEqual(foundOnHosts.get(when), [], when);
      prove("not on a host between up and destroy");
      for (const host of hosts) assert.deepEqual(await onHost(host, forms), [], `${name} on ${host.name}`);
      prove("not on a host after destroy");
      assert.deepEqual(isIn([...watch.found].join("\n")), [], `${name} in a process`);
      prove("not in a process or its environment");
    }
  });

  it("would be found: what does show is seen in each of them", async () => {
    const plant = newPassword();
    const forms = [...formsOf(plant).keys()];
    const [host] = hosts as [LabHost];
    const seen = new ProcessWatch(forms, undefined, 25);
    await host.writeFile("/run/plant", JSON.stringify({ plant }));
    const show =
      'plant=$(cat); P=$plant sleep 0.5; printf %s "$plant" | base64 -w 0 | logger -t plant; journalctl --sync';
    await host.succeed(show, { input: plant });
    seen.stop();
    assert.ok(seen.found.size > 0, "in the environment of a process on a host");
    assert.deepEqual(await onHost(host, forms), ["/run/plant", "the journal"]);
    await project.setConfig("plain", plant);
    assert.equal((await filesWith(forms, join(project.directory, ".."))).length, 1);
  });

  const allForms = () => [...secrets.values()].flatMap(({ text }) => [...formsOf(text).keys()]);
});
