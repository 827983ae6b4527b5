import { strict as assert } from "node:assert";
import type { Credential, OpenStackAccess } from "../../../provider/core/openstack/access";
import { Answer } from "../../../provider/core/openstack/answer";
import { type CatalogEndpoint, endpointOf, type Service } from "../../../provider/core/openstack/catalog";
import { CloudError } from "../../../provider/core/openstack/errors";
import { authenticationBody, readToken } from "../../../provider/core/openstack/identity";
import { Secret } from "../../../provider/core/transport/secret";

describe("a login", () => {
  const secret = new Secret("s3cret");
  const bodyOf = (...args: Parameters<typeof authenticationBody>) => JSON.parse(authenticationBody(...args)).auth;

  it("by password names the user in a domain, and what the token is for", () => {
    const user = { name: "u", domain: { name: "Default" } };
    const body = bodyOf(
      { method: "password", user, password: secret },
      { project: { name: "p", domain: { id: "d" } } },
    );
    assert.deepEqual(body, {
      identity: { methods: ["password"], password: { user: { ...user, password: "s3cret" } } },
      scope: { project: { name: "p", domain: { id: "d" } } },
    });
  });

  it("by token, and by an application credential, has no more than these", () => {
    assert.deepEqual(bodyOf({ method: "token", token: secret }, { system: "all" }), {
      identity: { methods: ["token"], token: { id: "s3cret" } },
      scope: { system: { all: true } },
    });
    const credentials: [Credential, object][] = [
      [
        { method: "application_credential", id: "i", secret },
        { id: "i", secret: "s3cret" },
      ],
      [
        { method: "application_credential", name: "n", user: { id: "u" }, secret },
        { name: "n", user: { id: "u" }, secret: "s3cret" },
      ],
    ];
    for (const [credential, proof] of credentials) {
      assert.deepEqual(bodyOf(credential, undefined), {
        identity: { methods: ["application_credential"], application_credential: proof },
      });
    }
  });

  it("brings a token and a catalog", () => {
    const endpoint = { interface: "public", region_id: "R", url: "http://n" };
    const token = readToken("t", new Answer({ token: { catalog: [{ type: "compute", endpoints: [endpoint] }] } }));
    assert.deepEqual(token?.catalog, [{ type: "compute", interface: "public", region: "R", url: "http://n" }]);
    assert.equal(token?.id.reveal(), "t");
    assert.equal(readToken(undefined, new Answer({ token: {} })), undefined);
  });
});

describe("a service's address", () => {
  const catalog: CatalogEndpoint[] = [
    { type: "compute", interface: "public", region: "North", url: "http://north/v2.1" },
    { type: "compute", interface: "internal", region: "North", url: "http://inside/v2.1" },
    { type: "compute", interface: "public", region: "South", url: "http://south/v2.1" },
    { type: "placement", interface: "internal", region: "North", url: "http://placement" },
  ];
  const access = (changes: Partial<OpenStackAccess>): OpenStackAccess => ({
    name: "c",
    source: "clouds.yaml",
    authUrl: "http://k/v3",
    credential: { method: "token", token: new Secret("t") },
    scope: undefined,
    region: undefined,
    interface: "public",
    tls: { verify: true, cacertFile: undefined, certFile: undefined, keyFile: undefined },
    endpoints: {},
    ...changes,
  });
  const urlOf = (service: Service, changes: Partial<OpenStackAccess>, found = catalog) =>
    endpointOf(service, access(changes), found).href;

  it("is the one of its interface and region", () => {
    assert.equal(urlOf("compute", { region: "South" }), "http://south/v2.1");
    assert.equal(urlOf("compute", { interface: "internal" }), "http://inside/v2.1");
    assert.equal(urlOf("placement", { interface: "internal", region: "North" }), "http://placement/");
  });

  it("is what the settings say instead", () => {
    assert.equal(urlOf("compute", { endpoints: { compute: "http://other/" } }, []), "http://other/");
  });

  const refused: [what: string, service: Service, changes: Partial<OpenStackAccess>, said: RegExp, found?: object[]][] =
    [
      ["one of several regions", "compute", {}, /compute is in several regions; set region to one of: North, South$/],
      [
        "another region",
        "compute",
        { region: "East" },
        /no endpoint in region East; set region to one of: North, South$/,
      ],
      ["another interface", "placement", {}, /no public endpoint of placement; set interface to one of: internal$/],
      [
        "no such service",
        "placement",
        {},
        /no placement service; register it, or set placement_endpoint/,
        [catalog[0]!],
      ],
      ["a token for nothing", "compute", {}, /no catalog, as it is for no project; name a project/, []],
      ["no URL", "compute", {}, /URL of compute is none/, [{ ...catalog[0], url: "javascript:x" }]],
    ];
  for (const [what, service, changes, said, found] of refused) {
    it(`is not guessed: ${what}`, () => {
      const isRefusal = (error: unknown) => error instanceof CloudError && said.test(error.message);
      assert.throws(() => urlOf(service, changes, (found ?? catalog) as CatalogEndpoint[]), isRefusal);
    });
  }
});
