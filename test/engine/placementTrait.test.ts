import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { traitLibrary } from "../../provider/core/host/traitLibrary";
import { novaPython, novaVersions } from "../support/novaPages/oracle";

const provider = "5213b75d-9260-42a6-b236-f39b0fd10561";

/** One provider of placement's, as far as its API is asked here (placement 1.6). */
class Placement {
  traits = ["COMPUTE_NODE", "CUSTOM_SITE"];
  generation = 7;
  /** What somebody else does just before the next answer to a change. */
  meanwhile: (() => void) | undefined;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Placement> {
    const server = createServer(async (request, response) => {
      const [code, body] = placement.answer(request, await textOf(request));
      response.writeHead(code, { "content-type": "application/json" }).end(body && JSON.stringify(body));
    });
    const placement = new Placement(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return placement;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private answer({ method, url = "" }: IncomingMessage, text: string): [code: number, body?: unknown] {
    const { pathname, searchParams } = new URL(url, "http://x");
    if (pathname === "/resource_providers")
      return [200, { resource_providers: searchParams.get("uuid") === provider ? [{ uuid: provider }] : [] }];
    if (pathname.startsWith("/traits/")) return [method === "PUT" ? 201 : 404];
    if (pathname !== `/resource_providers/${provider}/traits`) return [404];
    const state = () => ({ traits: this.traits, resource_provider_generation: this.generation });
    if (method === "GET") return [200, state()];
    this.meanwhile?.();
    this.meanwhile = undefined;
    const wanted = JSON.parse(text) as ReturnType<typeof state>;
    if (wanted.resource_provider_generation !== this.generation) return [409, { errors: [{ title: "Conflict" }] }];
    this.traits = wanted.traits;
    this.generation += 1;
    return [200, state()];
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

for (const version of novaVersions) {
  describe(`a trait in placement, by Nova ${version} on the host`, function () {
    this.timeout(20 * 60_000);
    let placement: Placement;
    let folder: string;
    let nova: ChildProcess;
    let environment: Record<string, string>;
    let compiled: string;

    before(async () => {
      const found = await novaPython(version);
      compiled = mkdtempSync(join(tmpdir(), "hostmem-python-"));
      environment = { ...found.environment, PATH: process.env["PATH"]!, PYTHONPYCACHEPREFIX: compiled };
      // In the place of nova-compute: a process of the interpreter that Nova is in.
      nova = spawn(found.python, ["-c", "import time; time.sleep(3600)"], { stdio: "ignore" });
    });
    after(() => {
      nova.kill("SIGKILL");
      rmSync(compiled, { recursive: true });
    });
    beforeEach(async () => {
      placement = await Placement.start();
      folder = mkdtempSync(join(tmpdir(), "hostmem-trait-"));
      chmodSync(folder, 0o755);
      writeFileSync(join(folder, "compute_id"), `${provider}\n`);
      configure();
    });
    afterEach(() => {
      placement.stop();
      rmSync(folder, { recursive: true });
    });

    function configure(more = ""): void {
      const endpoint = `endpoint_override = http://127.0.0.1:${placement.port}`;
      const text = `[DEFAULT]\nstate_path = ${folder}\n[placement]\nauth_type = none\n${endpoint}\n${more}`;
      writeFileSync(join(folder, "nova.conf"), text);
    }

    /** Calls the library as an apply does, and returns how it ended and what it told. */
    async function call(
      words: string,
      user = "root",
      process = nova,
      { root = "", conf = `${folder}/nova.conf` } = {},
    ): Promise<{ code: number | null; told: string }> {
      const script = `
        work=${folder}/work; mkdir -p "$work"
        event() { printf '%s\\n' "$*" >&3; }
        property() { case $2 in MainPID) echo ${process.pid} ;; User) echo ${user} ;; RootDirectory) echo '${root}' ;; esac; }
        replace() { cp -- "$2" "$1"; }
        ${traitLibrary}
        notes=${folder}/traits
        ${words} nova-compute.service --config-file=${conf}`;
      const child = spawn("sh", ["-c", script], { env: environment, stdio: ["ignore", "ignore", "inherit", "pipe"] });
      let told = "";
      child.stdio[3]!.on("data", (chunk: Buffer) => {
        told += chunk;
      });
      const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
      return { code, told };
    }

    it("is set and removed, and those of others stay", async () => {
      assert.deepEqual(await call("note_trait CUSTOM_OURS"), { code: 0, told: "" });
      assert.deepEqual(await call("set_trait CUSTOM_OURS"), {
        code: 0,
        told: "did set the trait CUSTOM_OURS in placement\n",
      });
      assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_OURS", "CUSTOM_SITE"]);
      assert.equal((await call("set_trait CUSTOM_OURS")).code, 0);
      assert.equal(placement.generation, 8, "nothing is written twice");
      // As after a cut: that it is there by now is our own doing.
      assert.equal((await call("note_trait CUSTOM_OURS")).code, 0);
      assert.equal((await call("remove_trait CUSTOM_OURS")).told, "did removed the trait CUSTOM_OURS from placement\n");
      assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_SITE"]);
      assert.equal(existsSync(join(folder, "traits")), false);
    });

    it("is asked for with what only the environment of nova-compute says", async () => {
      writeFileSync(join(folder, "nova.conf"), `[DEFAULT]\nstate_path = ${folder}\n`);
      const endpoint = `http://127.0.0.1:${placement.port}`;
      const said = { OS_PLACEMENT__AUTH_TYPE: "none", OS_PLACEMENT__ENDPOINT_OVERRIDE: endpoint };
      const told = spawn(nova.spawnfile, nova.spawnargs.slice(1), {
        stdio: "ignore",
        env: { ...environment, ...said },
      });
      try {
        assert.equal((await call("set_trait CUSTOM_OURS", "root", told)).code, 0);
        assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_OURS", "CUSTOM_SITE"]);
        assert.equal(
          (await call("remove_trait CUSTOM_OURS")).told.split(":")[0],
          "did left the trait CUSTOM_OURS in placement",
        );
      } finally {
        told.kill("SIGKILL");
      }
    });

    it("is asked for in the root of nova-compute, with all that is mounted there for it alone", async () => {
      const [root, conf] = [join(folder, "root"), join(folder, "etc", "nova.conf")];
      for (const name of ["root", "etc", "inside"]) mkdirSync(join(folder, name));
      renameSync(join(folder, "nova.conf"), join(folder, "inside", "nova.conf"));
      const { spawnfile: python, spawnargs } = nova;
      const script = `mount --rbind / ${root} && mount --bind ${folder}/inside ${root}${folder}/etc && exec chroot ${root} "$@"`;
      const words = ["--mount", "--propagation", "private", "sh", "-c", script, "sh", python, ...spawnargs.slice(1)];
      const inside = spawn("unshare", words, { stdio: "ignore", env: environment });
      try {
        const isThere = () => existsSync(`/proc/${inside.pid}/root${conf}`);
        for (let tries = 0; !isThere() && tries < 600; tries += 1) await sleep(100);
        assert.equal(existsSync(conf), false);
        const { code, told } = await call("set_trait CUSTOM_OURS", "root", inside, { root, conf });
        assert.deepEqual({ code, told }, { code: 0, told: "did set the trait CUSTOM_OURS in placement\n" });
        assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_OURS", "CUSTOM_SITE"]);
      } finally {
        const ended = once(inside, "exit");
        inside.kill("SIGKILL");
        await ended;
      }
    });

    // The rest is not Nova's doing.
    if (version !== novaVersions[0]) return;

    it("stays on a host that had it before", async () => {
      for (const step of ["note_trait", "set_trait"]) assert.equal((await call(`${step} CUSTOM_SITE`)).code, 0);
      const { told } = await call("remove_trait CUSTOM_SITE");
      assert.equal(told, "did left the trait CUSTOM_SITE in placement, where the host had it before\n");
      assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_SITE"]);
      assert.equal(existsSync(join(folder, "traits")), false);
    });

    it("stays where nobody can tell whether the host had it before", async () => {
      assert.match(
        (await call("remove_trait CUSTOM_SITE")).told,
        /^did left the trait CUSTOM_SITE .*may have had it before/,
      );
      assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_SITE"]);
      assert.deepEqual(await call("remove_trait CUSTOM_OTHER"), { code: 0, told: "" });
    });

    it("does not undo what somebody else sets at the same moment", async () => {
      placement.meanwhile = () => {
        placement.traits = [...placement.traits, "CUSTOM_THEIRS"];
        placement.generation += 1;
      };
      assert.equal((await call("set_trait CUSTOM_OURS")).code, 0);
      assert.deepEqual(placement.traits, ["COMPUTE_NODE", "CUSTOM_OURS", "CUSTOM_SITE", "CUSTOM_THEIRS"]);
    });

    it("that cannot be set is a failure that says why, and one that cannot be removed is left with what to do", async () => {
      placement.stop();
      const asked = await call("note_trait CUSTOM_OURS");
      assert.equal(asked.code, 0);
      assert.match(
        asked.told,
        /^did cannot find out whether the host has the trait CUSTOM_OURS already: \w*Connect\w*\n$/,
      );
      const { code, told } = await call("set_trait CUSTOM_OURS");
      assert.equal(code, 1);
      assert.match(told, /^failed cannot set the trait CUSTOM_OURS: \w*Connect\w*\n$/);
      const left = await call("remove_trait CUSTOM_OURS");
      assert.equal(left.code, 0);
      assert.match(
        left.told,
        /^did left the trait CUSTOM_OURS in placement: \w+\. Remove it with "openstack resource provider trait set" and all the others' names; "trait delete" takes those away, too\n$/,
      );
    });

    it("is asked for as the service's own user, whatever that user's process says of itself", async () => {
      const said = join(folder, "python");
      writeFileSync(said, "#!/bin/sh\nid -un\nexit 1\n", { mode: 0o755 });
      const liar = spawn("sleep", ["3600"], { argv0: said, stdio: "ignore" });
      try {
        const { told } = await call("set_trait CUSTOM_OURS", "nobody", liar);
        assert.equal(told, "failed cannot set the trait CUSTOM_OURS: nobody\n");
      } finally {
        liar.kill("SIGKILL");
      }
    });

    it("says nothing of a configuration that it cannot read but the kind of its error", async () => {
      configure("[nova]\n transport_url = rabbit://nova:misplaced-credential@controller\n");
      const { code, told } = await call("set_trait CUSTOM_OURS");
      assert.equal(code, 1);
      assert.match(told, /^failed cannot set the trait CUSTOM_OURS: \w+\n$/);
    });
  });
}
