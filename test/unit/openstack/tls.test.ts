import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tls } from "../../../provider/core/openstack/access";
import { OpenStackClient } from "../../../provider/core/openstack/client";
import { computeServices } from "../../../provider/core/openstack/nova";
import { giveToken, reply, StubCloud } from "../../support/openstack/stubCloud";

describe("a cloud's certificate", function () {
  this.timeout(60_000);
  let folder: string;
  let stub: StubCloud;
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-tls-"));
    for (const [name, address] of [
      ["right", "127.0.0.1"],
      ["other", "127.0.0.2"],
    ]) {
      const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=IP:${address}`];
      const files = ["-keyout", path(`${name}.key`), "-out", path(`${name}.pem`)];
      const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
      execFileSync("openssl", ["req", "-x509", ...key, ...names, ...files], { stdio: "ignore", timeout: 30_000 });
    }
  });
  afterEach(() => stub.stop());
  after(() => rmSync(folder, { recursive: true }));

  async function ask(shown: string, tls: Partial<Tls>): Promise<string> {
    const files = { key: readFileSync(path(`${shown}.key`)), cert: readFileSync(path(`${shown}.pem`)) };
    const options = { ...files, requestCert: true, rejectUnauthorized: false };
    stub = await StubCloud.start(
      (line, response) => (line.startsWith("POST") ? giveToken(response, "t") : reply(response, 200, { services: [] })),
      (listener) => createServer(options, listener),
    );
    const all: Tls = { verify: true, cacertFile: undefined, certFile: undefined, keyFile: undefined, ...tls };
    const client = new OpenStackClient(stub.access({ tls: all }, "https"), undefined, async () => {});
    try {
      return `${(await computeServices(client)).length} services`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      client.close();
    }
  }

  it("of an unknown authority is refused before anything secret is sent", async () => {
    assert.match(await ask("right", {}), /its certificate is signed by .*; set cacert to the authority's certificate/);
    assert.equal(stub.requests.length, 0);
  });

  it("is taken by the authority that is named, and ours is shown", async () => {
    const ours = { certFile: path("other.pem"), keyFile: path("other.key") };
    assert.equal(await ask("right", { cacertFile: path("right.pem"), ...ours }), "0 services");
  });

  it("for another name is refused", async () => {
    assert.match(await ask("other", { cacertFile: path("other.pem") }), /its certificate is for another name/);
    assert.equal(stub.requests.length, 0);
  });

  it("is not looked at only where that is said", async () => {
    assert.equal(await ask("other", { verify: false }), "0 services");
  });

  it("cannot be checked by a file that is not there", async () => {
    assert.match(await ask("right", { cacertFile: path("none.pem") }), /cacert .*none.pem cannot be read: ENOENT/);
  });
});
