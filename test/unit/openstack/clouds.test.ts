import { strict as assert } from "node:assert";
import { inspect } from "node:util";
import { Inputs, type Problem } from "../../../provider/core/inputs/problem";
import type { OpenStackAccess } from "../../../provider/core/openstack/access";
import type { CloudFiles } from "../../../provider/core/openstack/clouds";
import { CloudError } from "../../../provider/core/openstack/errors";
import { openStackAccess, readOpenStack } from "../../../provider/core/openstack/input";

const noFiles: CloudFiles = { clouds: undefined, secure: undefined, vendors: undefined };

const production = `
clouds:
  production:
    auth:
      auth_url: https://cloud.example.net:5000
      username: hostmem
      user_domain_name: Default
      project_name: admin
      project_domain_name: Default
    regions:
      - name: North
      - name: South
        values: { interface: internal }
  other:
    auth_type: v3applicationcredential
    auth: { auth_url: "https://other.example.net/identity/v3", application_credential_id: "0042" }
    verify: no
    cacert: /etc/ssl/other.pem
`;
const secrets = `
clouds:
  production: { auth: { password: 0123456 } }
  other: { auth: { application_credential_secret: "s3cret: #1" } }
`;

const files: CloudFiles = {
  clouds: { path: "/etc/openstack/clouds.yaml", text: production },
  secure: { path: "/etc/openstack/secure.yaml", text: secrets },
  vendors: undefined,
};

/** What a program's `openstack` comes to on a machine with these variables and files. */
function access(openstack: unknown, environment: Record<string, string> = {}, found = files): OpenStackAccess {
  const problems: Problem[] = [];
  const input = readOpenStack(new Inputs({ openstack }, "", problems));
  assert.deepEqual(problems, []);
  return openStackAccess(input!, environment, () => found);
}

function problemsOf(openstack: unknown): string[] {
  const problems: Problem[] = [];
  readOpenStack(new Inputs({ openstack }, "", problems));
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

function refusal(...args: Parameters<typeof access>): string {
  try {
    access(...args);
  } catch (error) {
    assert.ok(error instanceof CloudError && error.kind === "settings", String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: "it is not refused" });
}

describe("access to a cloud", () => {
  it("is left out by leaving it out", () => {
    const problems: Problem[] = [];
    assert.equal(readOpenStack(new Inputs({}, "", problems)), undefined);
    assert.deepEqual(problems, []);
  });

  it("comes from clouds.yaml and secure.yaml by a name, with a password of digits as it stands", () => {
    for (const how of ["production", { cloud: "production" }]) {
      const found = access(how);
      assert.equal(found.authUrl, "https://cloud.example.net:5000/v3");
      assert.deepEqual(found.scope, { project: { name: "admin", domain: { name: "Default" } } });
      assert.equal(found.region, "North");
      assert.equal(found.interface, "public");
      assert.equal(found.name, "production");
      assert.equal(found.source, "/etc/openstack/clouds.yaml");
      assert.ok(found.credential.method === "password");
      assert.deepEqual(found.credential.user, { name: "hostmem", domain: { name: "Default" } });
      assert.equal(found.credential.password.reveal(), "0123456");
    }
  });

  it("takes the settings of a region that the program names", () => {
    const found = access({ cloud: "production", region: "South" });
    assert.deepEqual([found.region, found.interface], ["South", "internal"]);
  });

  it("keeps an application credential's id and secret as they are written", () => {
    const found = access("other");
    assert.ok(found.credential.method === "application_credential" && "id" in found.credential);
    assert.equal(found.credential.id, "0042");
    assert.equal(found.credential.secret.reveal(), "s3cret: #1");
    assert.equal(found.scope, undefined);
    assert.deepEqual(found.tls, {
      verify: false,
      cacertFile: "/etc/ssl/other.pem",
      certFile: undefined,
      keyFile: undefined,
    });
  });

  it("is what OS_CLOUD names, though there are other variables", () => {
    assert.equal(access({}, { OS_CLOUD: "other", OS_AUTH_URL: "https://elsewhere.example.net" }).name, "other");
  });

  it("is what the environment says where no cloud is named", () => {
    const found = access(
      {},
      {
        OS_AUTH_URL: "http://127.0.0.1:5000/v2.0/",
        OS_TOKEN: "t0ken",
        OS_AUTH_TYPE: "v3token",
        OS_TENANT_ID: "4711",
        OS_ENDPOINT_TYPE: "adminURL",
        OS_USERNAME: "",
      },
    );
    assert.equal(found.authUrl, "http://127.0.0.1:5000/v3");
    assert.equal(found.name, "127.0.0.1");
    assert.deepEqual(found.scope, { project: { id: "4711" } });
    assert.equal(found.interface, "admin");
    assert.ok(found.credential.method === "token" && found.credential.token.reveal() === "t0ken");
  });

  it("is the only cloud that there is", () => {
    const one = { path: "clouds.yaml", text: "clouds: {a: {auth: {auth_url: http://a/, user_id: u, password: p}}}" };
    const found = access({}, {}, { ...noFiles, clouds: one });
    assert.deepEqual([found.name, found.authUrl], ["a", "http://a/v3"]);
  });

  it("is the program's own where that has a URL, whatever is on the machine", () => {
    const found = access(
      { authUrl: "https://mine.example.net/v3", userId: "u", password: "p", tenantName: "t", defaultDomain: "default" },
      { OS_PASSWORD: "q", OS_REGION_NAME: "r" },
    );
    assert.equal(found.source, "openstack");
    assert.equal(found.region, undefined);
    assert.deepEqual(found.scope, { project: { name: "t", domain: { id: "default" } } });
  });

  it("is the file's with the program's credential, of whatever kind that is", () => {
    const found = access({ cloud: "production", applicationCredentialId: "i", applicationCredentialSecret: "s" });
    assert.equal(found.credential.method, "application_credential");
    const other = access({ cloud: "production", password: "q" });
    assert.ok(other.credential.method === "password" && other.credential.password.reveal() === "q");
  });

  it("takes what several clouds share from clouds-public.yaml", () => {
    const clouds = { path: "clouds.yaml", text: "clouds: {a: {profile: p, auth: {user_id: u, password: p}}}" };
    const vendors = {
      path: "clouds-public.yaml",
      text: "public-clouds: {p: {region_name: R, auth: {auth_url: http://p/}}}",
    };
    const found = access("a", {}, { clouds, secure: undefined, vendors });
    assert.deepEqual([found.authUrl, found.region], ["http://p/v3", "R"]);
    assert.match(refusal("a", {}, { ...noFiles, clouds }), /profile p is in no clouds-public.yaml; write the cloud's/);
  });

  it("takes anchors and merge keys of YAML", () => {
    const text = `
base: &base { region_name: R }
clouds:
  a:
    <<: *base
    auth: { auth_url: http://a, user_id: u, password: p }
`;
    assert.equal(access("a", {}, { ...noFiles, clouds: { path: "c", text } }).region, "R");
  });

  const refused: [what: string, openstack: unknown, message: RegExp, text?: string][] = [
    ["a cloud that is not there", "staging", /has no cloud of that name; name one of: production, other/],
    ["no choice among several", {}, /has the clouds production, other, and none is chosen; name one/],
    ["a region that is not there", { cloud: "production", region: "East" }, /East is not one of North, South/],
    ["no credential", "a", /there is no credential; set/, "clouds: {a: {auth: {auth_url: http://a}}}"],
    ["no URL", "a", /auth_url is missing; set it/, "clouds: {a: {auth: {user_id: u, password: p}}}"],
    [
      "a URL of another kind",
      "a",
      /is no HTTP URL/,
      "clouds: {a: {auth: {auth_url: ftp://a, user_id: u, password: p}}}",
    ],
    ["text for a URL", "a", /is no URL/, "clouds: {a: {auth: {auth_url: cloud, user_id: u, password: p}}}"],
    [
      "a credential in a URL",
      "a",
      /auth_url has a credential in it; take that out/,
      "clouds: {a: {auth: {auth_url: 'https://u:s3cret@a', user_id: u, password: p}}}",
    ],
    [
      "a user without a domain",
      "a",
      /user_domain_name is missing/,
      "clouds: {a: {auth: {auth_url: http://a, username: u, password: p}}}",
    ],
    [
      "a project without a domain",
      "a",
      /project_domain_name is missing/,
      "clouds: {a: {auth: {auth_url: http://a, user_id: u, password: p, project_name: x}}}",
    ],
    [
      "a way of logging in that needs a browser",
      "a",
      /auth_type v3oidcpassword needs more .* application credential create/,
      "clouds: {a: {auth_type: v3oidcpassword, auth: {auth_url: http://a}}}",
    ],
    [
      "an interface that is none",
      "a",
      /set it to public, internal or admin/,
      "clouds: {a: {interface: private, auth: {auth_url: http://a, user_id: u, password: p}}}",
    ],
    ["a file that is no YAML", "a", /clouds.yaml is no YAML \(line 2: [A-Z_]+\)/, "clouds:\n  a: {password: s3cret"],
    ["a file that is a list", "a", /has no cloud of that name/, "- s3cret"],
    ["a cloud that is text", "a", /has no cloud of that name/, "clouds: {a: s3cret}"],
  ];
  for (const [what, openstack, message, text] of refused) {
    it(`is refused for ${what}, in one line without a secret`, () => {
      const found = text === undefined ? files : { ...noFiles, clouds: { path: "/home/u/clouds.yaml", text } };
      const said = refusal(openstack, {}, found);
      assert.match(said, message);
      assert.doesNotMatch(said, /s3cret|\n/);
    });
  }

  it("is refused for an alias that grows without end", () => {
    const names = [..."abcdefghij"];
    const aliases = (at: number) => (at === 0 ? "x" : `*${names[at - 1]}, `.repeat(20));
    const lines = names.map((name, at) => `${name}: &${name} [${aliases(at)}]`);
    const clouds = { path: "clouds.yaml", text: `${lines.join("\n")}\nclouds: {x: *j}` };
    assert.match(refusal("x", {}, { ...noFiles, clouds }), /is no YAML \(too many aliases\)/);
  });

  it("says where it looked if there is nothing", () => {
    assert.match(
      refusal({}, {}, noFiles),
      /no clouds.yaml \(here, .*and no OS_\* variable is set; set openstack.authUrl/,
    );
    assert.match(refusal("a", {}, noFiles), /there is no clouds.yaml; write it to/);
  });

  it("shows no secret, however it is printed", () => {
    const shown = [inspect(access("other"), { depth: 9, showHidden: true }), JSON.stringify(access("production"))];
    for (const text of shown) assert.doesNotMatch(text, /s3cret|0123456/);
  });
});

describe("the property openstack", () => {
  const wrong: [what: string, openstack: unknown, problem: RegExp][] = [
    ["a number", 5, /^openstack: must be an object such as .*, not a number$/],
    ["a list", ["a"], /^openstack: must be an object such as .*, not a list$/],
    ["an empty name", "", /^openstack: must not be empty/],
    ["a property that is misspelt", { authURL: "s3cret" }, /^openstack.authURL: is not a property .*mean authUrl/],
    ["a flag that is text", { insecure: "s3cret" }, /^openstack.insecure: must be true or false/],
    ["a cloud and a URL", { cloud: "a", authUrl: "http://a" }, /^openstack.cloud: must be left out beside authUrl/],
    ["a project twice", { projectName: "a", tenantName: "b" }, /^openstack.tenantName: says the same as another/],
    [
      "a service that is not needed",
      { endpointOverrides: { image: "x" } },
      /^openstack.endpointOverrides.image: is not/,
    ],
  ];
  for (const [what, openstack, problem] of wrong) {
    it(`is refused as ${what}, without its value`, () => {
      const problems = problemsOf(openstack);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, problem);
      assert.doesNotMatch(problems[0]!, /s3cret/);
    });
  }
});
