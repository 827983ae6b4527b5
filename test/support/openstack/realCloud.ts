import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { OpenStackAccess } from "../../../provider/core/openstack/access";
import { OpenStackClient } from "../../../provider/core/openstack/client";
import { CloudError } from "../../../provider/core/openstack/errors";
import { Secret } from "../../../provider/core/transport/secret";
import { cloudTemplate, openStackPython, scripts } from "./environment";

interface Places {
  keystone: string;
  placement: string;
  nova: string;
  password: string;
}

/** The project that guests of the tests belong to; nova-api does not ask keystone about it. */
const project = "4711";

/**
 * A keystone, a placement and a nova-api as their packages have them, on loopback, with databases in a folder of their own.
 * There are no computes: what these and the conductor would do is done by the verbs below.
 */
export class RealCloud {
  private token: string | undefined;

  private constructor(
    private readonly process: ChildProcess,
    readonly folder: string,
    readonly places: Places,
  ) {}

  static async start(): Promise<RealCloud> {
    const [python, template] = [await openStackPython(), await cloudTemplate()];
    const folder = mkdtempSync(join(tmpdir(), "hostmem-cloud-"));
    const child = spawn(python, [join(scripts, "cloud.py"), "run", template, join(folder, "home")], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" },
    });
    const lines = createInterface({ input: child.stdout! });
    const { value, done } = await lines[Symbol.asyncIterator]().next();
    if (done) throw new Error("the cloud ended before it was up");
    return new RealCloud(child, folder, JSON.parse(value) as Places);
  }

  async stop(): Promise<void> {
    this.process.stdin!.end();
    if (this.process.exitCode === null) await once(this.process, "exit");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** An administrator's access by password. */
  access(changes: Partial<OpenStackAccess> = {}): OpenStackAccess {
    const domain = { name: "Default" };
    return {
      name: "real",
      source: "a test",
      authUrl: `${this.places.keystone}/v3`,
      credential: { method: "password", user: { name: "admin", domain }, password: new Secret(this.places.password) },
      scope: { project: { name: "admin", domain } },
      region: undefined,
      interface: "public",
      tls: { verify: true, cacertFile: undefined, certFile: undefined, keyFile: undefined },
      endpoints: {},
      ...changes,
    };
  }

  /** Asks a service in the shortest way there is, to look at what our client made of it. */
  async raw(
    service: "keystone" | "placement" | "nova",
    method: string,
    path: string,
    body?: object,
    // biome-ignore lint/suspicious/noExplicitAny: what a service answers is what the test looks at
  ): Promise<any> {
    this.token ??= await this.login();
    const types = { keystone: "identity 3", placement: "placement 1.36", nova: "compute 2.79" };
    const answer = await fetch(`${this.places[service]}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        "openstack-api-version": types[service],
        "x-auth-token": this.token,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(300_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** A token of the administrator. */
  async login(): Promise<string> {
    const domain = { id: "default" };
    const identity = {
      methods: ["password"],
      password: { user: { name: "admin", domain, password: this.places.password } },
    };
    const answer = await fetch(`${this.places.keystone}/v3/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: { identity, scope: { project: { name: "admin", domain } } } }),
    });
    return answer.headers.get("x-subject-token")!;
  }

  /** The id of its user. */
  async administrator(): Promise<string> {
    return (await this.raw("keystone", "GET", "/v3/users?name=admin")).users[0].id;
  }

  /** One of the administrator's. */
  async applicationCredential(name: string): Promise<{ id: string; secret: Secret }> {
    const path = `/v3/users/${await this.administrator()}/application_credentials`;
    const made = await this.raw("keystone", "POST", path, { application_credential: { name } });
    return { id: made.application_credential.id, secret: new Secret(made.application_credential.secret) };
  }

  /** Asks by an access other than the administrator's. */
  async as<Result>(
    changes: Partial<OpenStackAccess>,
    ask: (client: OpenStackClient) => Promise<Result>,
  ): Promise<Result> {
    const client = new OpenStackClient(this.access(changes));
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  }

  /** What Nova says of a nova-compute. */
  async service(host: string): Promise<{ id: string; status: string; disabled_reason: string | null }> {
    return (await this.raw("nova", "GET", `/v2.1/os-services?host=${host}`)).services[0];
  }

  // ---- what computes and the conductor do

  /** A nova-compute that came up once: known to Nova, and to placement as it reports itself. */
  async addCompute(host: string, memoryMb = 4096, traits: string[] = []): Promise<string> {
    const { id } = await this.play<{ id: string }>("compute", { host });
    await this.raw("placement", "POST", "/resource_providers", { name: `${host}.example.net`, uuid: id });
    await this.report(id, { total: memoryMb, max_unit: memoryMb, allocation_ratio: 1.5 });
    for (const trait of traits.filter((each) => each.startsWith("CUSTOM_"))) {
      await this.raw("placement", "PUT", `/traits/${trait}`);
    }
    const { resource_provider_generation } = await this.raw("placement", "GET", `/resource_providers/${id}/traits`);
    await this.raw("placement", "PUT", `/resource_providers/${id}/traits`, { resource_provider_generation, traits });
    return id;
  }

  /** As nova-compute reports its memory: in a PUT of all inventories. */
  async report(id: string, memory: { total: number; max_unit: number; allocation_ratio: number }): Promise<void> {
    const path = `/resource_providers/${id}/inventories`;
    const { resource_provider_generation } = await this.raw("placement", "GET", path);
    const all = { VCPU: { total: 4, max_unit: 4 }, MEMORY_MB: { ...memory, reserved: 0, min_unit: 1, step_size: 1 } };
    await this.raw("placement", "PUT", path, { resource_provider_generation, inventories: all });
  }

  async allocate(id: string, server: string, memoryMb: number): Promise<void> {
    await this.raw("placement", "PUT", `/allocations/${server}`, {
      allocations: { [id]: { resources: { MEMORY_MB: memoryMb } } },
      project_id: project,
      user_id: "somebody",
      consumer_generation: null,
    });
  }

  async boot(host: string, name: string, state: "active" | "stopped" | "error" = "active"): Promise<string> {
    return (await this.play<{ id: string }>("server", { host, name, project, state })).id;
  }

  /** Servers that Nova was asked to move, and that no conductor has looked at yet. */
  migrating(): Promise<string[]> {
    return this.play("migrating", {});
  }

  /** The end of a migration: on another host, or back where it was. */
  async endMigration(id: string, host?: string): Promise<void> {
    await this.play("moved", { id, host: host ?? null });
  }

  async setDown(host: string, value: boolean): Promise<void> {
    await this.play("forced_down", { host, value });
  }

  private async play<Result>(what: string, how: object): Promise<Result> {
    const answer = await fetch(`${this.places.nova}/control`, {
      method: "POST",
      body: JSON.stringify({ do: what, ...how }),
      signal: AbortSignal.timeout(300_000),
    });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Result;
  }
}

/** The error that something in a cloud ends with. */
export async function failure(work: Promise<unknown>): Promise<CloudError> {
  const error = await work.then(
    () => new assert.AssertionError({ message: "it did not fail" }),
    (failed: unknown) => failed,
  );
  assert.ok(error instanceof CloudError, String(error));
  return error;
}
