import { strict as assert } from "node:assert";
import type { Credential, Named, OpenStackAccess } from "../../provider/core/openstack/access";
import { OpenStackClient } from "../../provider/core/openstack/client";
import { drain, undrain } from "../../provider/core/openstack/drain";
import { HttpClient, type HttpRequest } from "../../provider/core/openstack/http";
import { apiMaximum, computeServices, serversOn } from "../../provider/core/openstack/nova";
import { provider, removeTraits, setMemoryRatio } from "../../provider/core/openstack/placement";
import { drainReason } from "../../provider/core/openstack/rules/drain";
import { cloudProblems } from "../../provider/core/openstack/rules/preview";
import { restoration } from "../../provider/core/openstack/rules/restore";
import { CloudSession } from "../../provider/core/openstack/session";
import { Secret } from "../../provider/core/transport/secret";
import { failure, RealCloud } from "../support/openstack/realCloud";

const mebibytes = 4096;
const stein = "COMPUTE_NET_ATTACH_INTERFACE";
const owner = drainReason("cloud/production/compute-1");

describe("a real keystone, nova-api and placement", function () {
  this.timeout(300_000);
  let cloud: RealCloud;
  let client: OpenStackClient;
  let provider1: string;
  /** What happens in the cloud while the client lets time pass. */
  let meanwhile: () => Promise<void> = async () => {};

  before(async function () {
    this.timeout(1_800_000);
    cloud = await RealCloud.start();
    client = new OpenStackClient(cloud.access(), undefined, () => meanwhile());
    provider1 = await cloud.addCompute("compute-1", mebibytes, [stein, "CUSTOM_OURS", "CUSTOM_THEIRS"]);
    await cloud.addCompute("compute-2", mebibytes, [stein]);
  });
  after(async () => {
    client?.close();
    await cloud?.stop();
  });
  afterEach(() => {
    meanwhile = async () => {};
  });

  describe("let in", () => {
    const credentials: [what: string, credential: () => Promise<Credential>, changes?: Partial<OpenStackAccess>][] = [
      ["by a user's id", async () => password({ id: await cloud.administrator() })],
      ["by a user's name in a domain's id", async () => password({ name: "admin", domain: { id: "default" } })],
      ["by a token", async () => ({ method: "token", token: new Secret(await cloud.login()) })],
      [
        "by an application credential's id",
        async () => application(await cloud.applicationCredential("by-id")),
        { scope: undefined },
      ],
      [
        "by an application credential's name",
        async () => {
          const { secret } = await cloud.applicationCredential("by-name");
          return {
            method: "application_credential",
            name: "by-name",
            user: { id: await cloud.administrator() },
            secret,
          };
        },
        { scope: undefined },
      ],
    ];
    const password = (user: Named): Credential => ({
      method: "password",
      user,
      password: new Secret(cloud.places.password),
    });
    const application = ({ id, secret }: { id: string; secret: Secret }) =>
      ({ method: "application_credential", id, secret }) as const;

    for (const [what, make, changes] of credentials) {
      it(what, async () => {
        const found = await cloud.as({ ...changes, credential: await make() }, computeServices);
        assert.ok(found.some((each) => each.host === "compute-1"));
      });
    }

    it("nobody with a wrong secret, in keystone's words and without the secret", async () => {
      const wrong = new Secret("not-the-password");
      const user = { name: "admin", domain: { id: "default" } };
      const error = await failure(
        cloud.as({ credential: { method: "password", user, password: wrong } }, computeServices),
      );
      assert.equal(error.kind, "authentication");
      assert.match(error.message, /auth\/tokens: status 401, The request you have made requires authentication/);
      const token: Credential = { method: "token", token: new Secret("gAAAAAB-nothing") };
      const other = await failure(cloud.as({ credential: token }, computeServices));
      assert.equal(other.kind, "authentication");
      assert.doesNotMatch(error.message + other.message, /not-the-password|gAAAAAB/);
    });

    it("somebody for no project to nothing", async () => {
      const user = { name: "service", domain: { id: "default" } };
      const error = await failure(cloud.as({ credential: password(user), scope: undefined }, computeServices));
      assert.match(error.message, /no catalog, as it is for no project; name a project/);
    });

    it("somebody without the role to nothing that needs it", async () => {
      const domain = { id: "default" };
      const scope = { project: { name: "service", domain } };
      const error = await failure(
        cloud.as({ credential: password({ name: "reader", domain }), scope }, computeServices),
      );
      assert.equal(error.kind, "forbidden");
      assert.match(error.message, /os-services: status 403, .*admin role/);
    });

    it("nobody to another interface or region than the catalog has", async () => {
      const inAdmin = await failure(cloud.as({ interface: "admin" }, computeServices));
      assert.match(inAdmin.message, /no admin endpoint of compute; set interface to one of: internal, public/);
      const inEast = await failure(cloud.as({ region: "East" }, computeServices));
      assert.match(inEast.message, /no endpoint in region East; set region to one of: RegionOne/);
      assert.ok((await cloud.as({ interface: "internal", region: "RegionOne" }, computeServices)).length > 0);
    });

    it("again whose token was revoked", async () => {
      const tokens: string[] = [];
      class Watched extends HttpClient {
        override send(request: HttpRequest) {
          const token = request.headers["x-auth-token"];
          if (token instanceof Secret) tokens.push(token.reveal());
          return super.send(request);
        }
      }
      const access = cloud.access();
      const other = new OpenStackClient(access, new Watched(access.tls));
      await computeServices(other);
      const revoked = await fetch(`${cloud.places.keystone}/v3/auth/tokens`, {
        method: "DELETE",
        headers: { "x-auth-token": await cloud.login(), "x-subject-token": tokens[0]! },
      });
      assert.equal(revoked.status, 204);
      await computeServices(other);
      other.close();
      assert.equal(new Set(tokens).size, 2);
    });
  });

  describe("of a host", () => {
    it("say what a preview needs", async () => {
      await cloud.raw("nova", "POST", "/v2.1/os-aggregates", { aggregate: { name: "fast" } });
      const { aggregates } = await cloud.raw("nova", "GET", "/v2.1/os-aggregates");
      const path = `/v2.1/os-aggregates/${aggregates[0].id}/action`;
      await cloud.raw("nova", "POST", path, { add_host: { host: "compute-1" } });
      await cloud.raw("nova", "POST", path, { set_metadata: { metadata: { ram_allocation_ratio: "1.5" } } });
      const guest = await cloud.boot("compute-1", "holder", "stopped");
      await cloud.allocate(provider1, guest, 3000);

      const session = new CloudSession(client);
      const facts = await session.facts("compute-1");
      assert.equal(facts.service?.isEnabled, true);
      assert.equal(facts.provider?.id, provider1);
      assert.equal(facts.provider?.allocatedMb, 3000);
      assert.equal(facts.provider?.memory?.total, mebibytes);
      assert.deepEqual(
        facts.aggregates.map(({ name }) => name),
        ["fast"],
      );
      assert.ok((await apiMaximum(client)) >= 93);
      const wanted = { memoryMb: 2048, reservedMb: 0, allowHazards: [] };
      const messages = cloudProblems(wanted, facts, new Map()).problems.map(({ message }) => message);
      assert.equal(messages.length, 2, messages.join("\n"));
      assert.match(messages[0]!, /aggregate fast has ram_allocation_ratio = 1.5/);
      assert.match(messages[1]!, /hold 3000 MiB in placement/);

      const other = await session.facts("compute-2");
      assert.deepEqual(cloudProblems(wanted, other, new Map()), { problems: [], warnings: [] });
      const nobody = cloudProblems(wanted, await session.facts("compute-3"), new Map()).problems;
      assert.match(nobody[0]!.message, /no nova-compute on compute-3, but on compute-1, compute-2\./);
    });

    it("are waited for until they say what nova-compute reports", async () => {
      const session = new CloudSession(client);
      const expected = { memoryMb: 2048, reservedMb: 0, novaVersion: "26.2.2" };
      const error = await failure(session.expect("compute-1", expected, 0));
      assert.match(error.message, /compute-1: MEMORY_MB is 4096 in placement, and must be 2048; the allocation_ratio/);
      let reports = 0;
      meanwhile = async () => {
        reports += 1;
        if (reports === 2) await cloud.report(provider1, { total: 2048, max_unit: 2048, allocation_ratio: 1 });
      };
      await session.expect("compute-1", expected, 240_000);
      assert.equal(reports, 2);
    });

    it("get back the ratio and lose the traits that were ours, and nothing else", async () => {
      await cloud.report(provider1, { total: 2048, max_unit: 2048, allocation_ratio: 1 });
      const now = await provider(client, provider1);
      const way = restoration({ memoryRatio: 1.5 }, undefined, ["CUSTOM_OURS"], now);
      await new CloudSession(client).restore("compute-1", way);
      const { inventories } = await cloud.raw("placement", "GET", `/resource_providers/${provider1}/inventories`);
      assert.equal(inventories.MEMORY_MB.allocation_ratio, 1.5);
      assert.equal(inventories.MEMORY_MB.total, 2048);
      assert.equal(inventories.VCPU.total, 4);
      const { traits } = await cloud.raw("placement", "GET", `/resource_providers/${provider1}/traits`);
      assert.deepEqual(traits.sort(), [stein, "CUSTOM_THEIRS"].sort());
    });

    it("take changes that come at the same time, each of them", async () => {
      const path = `/resource_providers/${provider1}/traits`;
      const { resource_provider_generation } = await cloud.raw("placement", "GET", path);
      const traits = ["CUSTOM_A", "CUSTOM_B", "CUSTOM_C"];
      for (const each of traits) await cloud.raw("placement", "PUT", `/traits/${each}`);
      await cloud.raw("placement", "PUT", path, { resource_provider_generation, traits: [stein, ...traits] });
      await Promise.all([
        ...traits.map((each) => removeTraits(client, provider1, [each])),
        setMemoryRatio(client, provider1, 2.5),
      ]);
      const after = await provider(client, provider1);
      assert.deepEqual([after?.traits, after?.memory?.allocationRatio], [[stein], 2.5]);
    });

    it("that is unknown are nothing", async () => {
      assert.equal(await provider(client, "00000000-0000-4000-8000-000000000000"), undefined);
    });
  });

  describe("let a host be drained", () => {
    const said: string[] = [];
    const say = (line: string) => said.push(line);
    beforeEach(() => {
      said.length = 0;
    });

    it("of new guests, with a reason, until it is enabled again", async () => {
      await drain(client, "compute-1", { mode: "disable", reason: owner, timeoutMs: 60_000 }, say);
      const { status, disabled_reason: reason } = await cloud.service("compute-1");
      assert.deepEqual([status, reason], ["disabled", owner]);
      await undrain(client, "compute-1", owner, 60_000, say);
      assert.equal((await cloud.service("compute-1")).status, "enabled");
      assert.deepEqual(said, [
        `disable nova-compute of compute-1 in real: ${owner}`,
        "enable nova-compute of compute-1 in real",
      ]);
    });

    it("and leave disabled what somebody else disabled", async () => {
      const body = { status: "disabled", disabled_reason: "a broken fan" };
      await cloud.raw("nova", "PUT", `/v2.1/os-services/${(await cloud.service("compute-1")).id}`, body);
      await drain(client, "compute-1", { mode: "disable", reason: owner, timeoutMs: 60_000 }, say);
      await undrain(client, "compute-1", owner, 60_000, say);
      assert.equal((await cloud.service("compute-1")).disabled_reason, "a broken fan");
      assert.deepEqual(said, []);
      await cloud.raw("nova", "PUT", `/v2.1/os-services/${(await cloud.service("compute-1")).id}`, {
        status: "enabled",
      });
    });

    it("of guests that run: one after the other, and once more if one comes back", async () => {
      const running = [await cloud.boot("compute-1", "one"), await cloud.boot("compute-1", "two")];
      let ends = 0;
      meanwhile = async () => {
        const moving = await cloud.migrating();
        assert.equal(moving.length, 1);
        ends += 1;
        await cloud.endMigration(moving[0]!, ends === 1 ? undefined : "compute-2");
      };
      const staying = await drain(client, "compute-1", { mode: "migrate", reason: owner, timeoutMs: 240_000 }, say);
      assert.deepEqual(
        staying.map(({ name }) => name),
        ["holder"],
      );
      assert.equal(ends, 3);
      const moved = await serversOn(client, "compute-2");
      assert.deepEqual(moved.map(({ id }) => id).sort(), running.sort());
      assert.equal((await cloud.service("compute-1")).status, "disabled");
      await undrain(client, "compute-1", owner, 60_000, say);
    });

    it("and give up on a guest that never moves, with the host as it was", async () => {
      const guest = await cloud.boot("compute-1", "stuck");
      meanwhile = async () => {
        for (const each of await cloud.migrating()) await cloud.endMigration(each);
      };
      const error = await failure(
        drain(client, "compute-1", { mode: "migrate", reason: owner, timeoutMs: 240_000 }, say),
      );
      assert.match(error.message, new RegExp(`compute-1 is not drained: stuck \\(${guest}\\) did not move; see why`));
      assert.equal((await cloud.service("compute-1")).status, "enabled");
      await cloud.endMigration(guest, "compute-2");
    });

    it("and wait, so long, for a compute that is to be enabled and is down", async () => {
      await drain(client, "compute-1", { mode: "disable", reason: owner, timeoutMs: 60_000 }, say);
      await cloud.setDown("compute-1", true);
      const error = await failure(undrain(client, "compute-1", owner, 0, say));
      assert.match(
        error.message,
        /compute-1 stays disabled: its nova-compute is down; run: openstack compute service set/,
      );
      meanwhile = () => cloud.setDown("compute-1", false);
      await undrain(client, "compute-1", owner, 240_000, say);
      assert.equal((await cloud.service("compute-1")).status, "enabled");
    });
  });
});
