import { strict as assert } from "node:assert";
import type { ServerResponse } from "node:http";
import { Answer } from "../../../provider/core/openstack/answer";
import { OpenStackClient } from "../../../provider/core/openstack/client";
import { CloudError, type CloudErrorKind } from "../../../provider/core/openstack/errors";
import { HttpClient } from "../../../provider/core/openstack/http";
import { apiMaximum, computeServices, liveMigrate, serversOn } from "../../../provider/core/openstack/nova";
import { providersWith, setMemoryRatio } from "../../../provider/core/openstack/placement";
import { giveToken, reply, StubCloud } from "../../support/openstack/stubCloud";
import { beginTrial } from "../../support/trials";

const login = "POST /v3/auth/tokens";
const services = "GET /compute/os-services?binary=nova-compute";

let stub: StubCloud | undefined;
let client: OpenStackClient | undefined;
const waits: number[] = [];

/** A client of a stub that hands out token-1, token-2, … and answers the rest as told. */
async function clientOf(
  answer: (response: ServerResponse, line: string, token: string) => void,
  limits = { timeoutMs: 20_000, maxBytes: 100_000 },
): Promise<OpenStackClient> {
  let tokens = 0;
  stub = await StubCloud.start((line, response, request) => {
    if (line === login) giveToken(response, `token-${++tokens}`);
    else answer(response, line, String(request.headers["x-auth-token"]));
  });
  const access = stub.access();
  client = new OpenStackClient(access, new HttpClient(access.tls, limits), async (ms) => waits.push(ms));
  return client;
}

async function failure(work: Promise<unknown>): Promise<CloudError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof CloudError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it did not fail" });
}

describe("a cloud's client", function () {
  this.timeout(60_000);
  afterEach(async () => {
    client?.close();
    await stub?.stop();
    waits.length = 0;
  });

  it("logs in once for requests that come together, and sends the version that a request is written for", async () => {
    const cloud = await clientOf((response) => reply(response, 200, { services: [] }));
    await Promise.all([computeServices(cloud), computeServices(cloud), computeServices(cloud)]);
    assert.equal(stub!.count(login), 1);
    assert.equal(stub!.count(services), 3);
    assert.equal(stub!.requests.at(-1)!.headers["openstack-api-version"], "compute 2.53");
  });

  it("logs in again, once, for all whose token is not taken any more", async () => {
    const cloud = await clientOf((response, _line, token) =>
      token === "token-1" ? reply(response, 401, "expired") : reply(response, 200, { services: [] }),
    );
    await Promise.all([computeServices(cloud), computeServices(cloud), computeServices(cloud)]);
    assert.equal(stub!.count(login), 2);
  });

  it("does not log in for ever", async () => {
    const cloud = await clientOf((response) => reply(response, 401, { error: { message: "no" } }));
    const error = await failure(computeServices(cloud));
    assert.equal(error.kind, "authentication");
    assert.equal(stub!.count(login), 2);
    assert.match(
      error.message,
      /^\[stub\] GET http.*\/os-services: status 401, no; look at the credential \(a test\)$/,
    );
  });

  it("logs in anew after a login that failed", async () => {
    let isFirst = true;
    stub = await StubCloud.start((line, response) => {
      if (line !== login) return reply(response, 200, { services: [] });
      if (isFirst) reply(response, 401, { error: { message: "The request you have made requires authentication." } });
      else giveToken(response, "t");
      isFirst = false;
    });
    client = new OpenStackClient(stub.access());
    assert.match(
      (await failure(computeServices(client))).message,
      /auth\/tokens: status 401, The request you have made/,
    );
    assert.deepEqual(await computeServices(client), []);
  });

  const statuses: [status: number, kind: CloudErrorKind, body: unknown, said: RegExp][] = [
    [400, "invalid", { errors: [{ detail: "No such trait", title: "Bad Request" }] }, /status 400, No such trait;/],
    [
      403,
      "forbidden",
      { forbidden: { message: "Policy does not allow it", code: 403 } },
      /status 403, Policy .* admin role/,
    ],
    [
      404,
      "missing",
      "<html><head><title>404</title></head><body><h1>Not Found</h1></body></html>",
      /404, 404 Not Found;/,
    ],
    [409, "conflict", { errors: [{ detail: "generation", code: "placement.x" }] }, /status 409, generation;/],
    [
      500,
      "unexpected",
      { computeFault: { message: "Unexpected API Error." } },
      /500, Unexpected API Error\.; .*own log/,
    ],
    [302, "unexpected", "", /status 302; look/],
  ];
  for (const [status, kind, body, said] of statuses) {
    it(`reads status ${status} as ${kind}, with what the service says`, async () => {
      const cloud = await clientOf((response) => reply(response, status, body, { location: "http://127.0.0.1:1/" }));
      const error = await failure(computeServices(cloud));
      assert.equal(error.kind, kind);
      assert.match(error.message, said);
      assert.equal(stub!.count(services), 1);
    });
  }

  it("tries again what may pass, as often and as late as the service asks for", async () => {
    let answers = 0;
    const cloud = await clientOf((response) => {
      answers += 1;
      if (answers === 1) reply(response, 503, "busy", { "retry-after": "7" });
      else if (answers === 2) response.destroy();
      else reply(response, 200, { services: [] });
    });
    assert.deepEqual(await computeServices(cloud), []);
    assert.deepEqual(waits, [7000, 3000]);
  });

  it("gives up what does not pass, and waits for no service that asks for an hour", async () => {
    const cloud = await clientOf((response, line) =>
      reply(response, 503, "Service Unavailable", line === services ? {} : { "retry-after": "3600" }),
    );
    assert.equal((await failure(computeServices(cloud))).kind, "unreachable");
    assert.equal(stub!.count(services), 3);
    await failure(apiMaximum(cloud));
    assert.equal(stub!.count("GET /compute/"), 1);
  });

  it("asks only once for what would happen twice", async () => {
    const cloud = await clientOf((response) => response.destroy());
    const error = await failure(liveMigrate(cloud, "a/b"));
    assert.equal(stub!.count("POST /compute/servers/a%2Fb/action"), 1);
    assert.match(error.message, /the connection was cut; look whether that address is right \(a test\)/);
  });

  it("reads lists page by page, and leaves one whose pages have no end", async () => {
    const page = (ids: string[], more: boolean) => ({
      servers: ids.map((id) => ({ id, name: id, status: "ACTIVE" })),
      ...(more ? { servers_links: [{ rel: "next", href: "http://127.0.0.1:1/" }] } : {}),
    });
    const cloud = await clientOf((response, line) => {
      if (line.includes("host=circle")) return reply(response, 200, page(["a"], true));
      return reply(response, 200, line.includes("marker=b") ? page(["c"], false) : page(["a", "b"], true));
    });
    assert.deepEqual(
      (await serversOn(cloud, "compute-1")).map((each) => each.id),
      ["a", "b", "c"],
    );
    assert.equal((await serversOn(cloud, "circle")).length, 1);
  });

  it("changes an inventory anew when nova-compute was faster, a few times", async () => {
    let generation = 1;
    const conflict = { errors: [{ detail: "conflict", code: "placement.concurrent_update" }] };
    const memory = { total: 10, reserved: 0, min_unit: 1, max_unit: 10, step_size: 1, allocation_ratio: 1 };
    let fastUntil = 3;
    const cloud = await clientOf((response, line) => {
      if (line.startsWith("GET")) {
        reply(response, 200, { resource_provider_generation: generation, inventories: { MEMORY_MB: memory } });
        if (generation < fastUntil) generation += 1;
        return;
      }
      const sent = JSON.parse(stub!.requests.at(-1)!.body) as Record<string, number>;
      const isCurrent = sent["resource_provider_generation"] === generation;
      reply(response, isCurrent ? 200 : 409, isCurrent ? {} : conflict);
    });
    await setMemoryRatio(cloud, "p", 1.5);
    assert.deepEqual(JSON.parse(stub!.requests.at(-1)!.body), {
      ...memory,
      allocation_ratio: 1.5,
      resource_provider_generation: 3,
    });
    fastUntil = Number.POSITIVE_INFINITY;
    const error = await failure(setMemoryRatio(cloud, "p", 1.5));
    assert.equal(error.code, "placement.concurrent_update");
  });

  it("takes a trait that a placement does not know for one that nobody has", async () => {
    const cloud = await clientOf((response) => reply(response, 400, { errors: [{ detail: "No such trait(s)" }] }));
    assert.deepEqual(await providersWith(cloud, "COMPUTE_OF_2040"), new Set());
  });
});

describe("a cloud that", function () {
  this.timeout(60_000);
  afterEach(async () => {
    client?.close();
    await stub?.stop();
  });

  const json = { "content-type": "application/json" };
  const hostile: [
    what: string,
    answer: (response: ServerResponse, line: string, token: string) => void,
    said: RegExp,
  ][] = [
    ["never answers", () => {}, /no answer within 0.5 s; look whether/],
    ["begins an answer and never ends it", (response) => response.writeHead(200, json).write("{"), /no answer within/],
    ["answers without end", (response) => flood(response), /the answer is longer than 100000 bytes/],
    [
      "ends in the middle of an answer",
      (response) => {
        response.writeHead(200, { ...json, "content-length": "100" }).write("{");
        setImmediate(() => response.destroy());
      },
      /the connection was cut/,
    ],
    ["answers with no JSON", (response) => reply(response, 200, "<html>Welcome</html>"), /the answer is no JSON/],
    ["answers with nested lists", (response) => reply(response, 200, "[".repeat(90_000)), /the answer is no JSON/],
    ["answers with a list", (response) => reply(response, 200, []), /the answer is no object/],
    ["answers with something else", (response) => reply(response, 200, { servers: [] }), /the answer has no services/],
    [
      "answers with parts of another kind",
      (response) => reply(response, 200, { services: [{ id: 5 }] }),
      /services\[0\].id is no text/,
    ],
    [
      "shows the request in an error",
      (response, _line, token) => reply(response, 500, `<pre>X-Auth-Token: ${token}, password pass-4711</pre>`),
      /X-Auth-Token: \[secret\], password \[secret\]/,
    ],
    [
      "sets the window's title in an error",
      (response) => reply(response, 500, { fault: { message: "\u001b]0;title\u0007\u001b[31mNo\nno\u202e." } }),
      /status 500, No no\.;/,
    ],
    [
      "has no end of what it says in an error",
      (response) => reply(response, 500, { fault: { message: "x".repeat(50_000) } }),
      /status 500, x{300}…;/,
    ],
    ["is a page of scripts", (response) => reply(response, 404, "<script>a < b</script>Lost<"), /status 404, Lost;/],
  ];
  for (const [what, answer, said] of hostile) {
    it(`${what} is given up on, in one clean line`, async () => {
      const prove = beginTrial("hostile clouds", `a cloud that ${what}`, ["bounded", "reported", "clean text"]);
      const cloud = await clientOf(answer, { timeoutMs: 500, maxBytes: 100_000 });
      const error = await failure(computeServices(cloud));
      prove("bounded");
      assert.match(error.message, said);
      prove("reported");
      assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f\u202e]|4711|token-\d/);
      assert.ok(error.message.length < 600, `${error.message.length} characters`);
      prove("clean text");
    });
  }

  it("is not there is named", async () => {
    stub = await StubCloud.start(() => {});
    const access = stub.access();
    await stub.stop();
    client = new OpenStackClient(access, undefined, async () => {});
    const error = await failure(computeServices(client));
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, /POST http:\/\/127.0.0.1:\d+\/v3\/auth\/tokens: nobody listens there; look whether/);
  });

  it("gives a token that is none is refused", async () => {
    stub = await StubCloud.start((_line, response) => reply(response, 201, { token: {} }));
    client = new OpenStackClient(stub.access());
    assert.match((await failure(computeServices(client))).message, /the answer has no token/);
  });
});

function flood(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json" });
  const write = () => {
    while (!response.destroyed && response.write("x".repeat(10_000)));
    if (!response.destroyed) response.once("drain", write);
  };
  write();
}

describe("an answer", () => {
  it("is read as what it is, and says where it is not", () => {
    const answer = new Answer({ list: [{ name: "a" }], number: 1, flag: false, nothing: null });
    assert.equal(answer.get("list").list()[0]!.get("name").text(), "a");
    assert.equal(answer.get("flag").flag(), false);
    assert.equal(answer.optional("nothing"), undefined);
    assert.throws(() => answer.get("nothing"), /^Error: the answer has no nothing$/);
    assert.throws(() => answer.get("list").list()[0]!.get("name").number(), /^Error: list\[0\].name is no number$/);
    assert.throws(() => answer.get("number").entries(), /^Error: number is no object$/);
    assert.throws(() => answer.get("number").flag(), /^Error: number is neither true nor false$/);
  });
});
