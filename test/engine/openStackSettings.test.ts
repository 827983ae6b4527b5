import { strict as assert } from "node:assert";
import { join } from "node:path";
import { type CloudFile, findSettings } from "../../provider/core/openstack/clouds";
import { accessFrom } from "../../provider/core/openstack/settings";
import { LineProcess } from "../support/lineProcess";
import { openStackPython, scripts } from "../support/openstack/environment";

interface Case {
  what: string;
  clouds?: string;
  secure?: string;
  vendors?: string;
  environment?: Record<string, string>;
  cloud?: string;
  region?: string;
}

const auth = "auth_url: http://a/v3, username: u, password: p, user_domain_name: D";
const cloud = (rest: string, inAuth = "") => `clouds: {a: {auth: {${auth}${inAuth}}${rest}}}`;

/** Everything in which settings can be said in two places, in two spellings, or not at all. */
const cases: Case[] = [
  { what: "the only cloud", clouds: cloud("") },
  { what: "a project by names", clouds: cloud("", ", project_name: x, project_domain_name: E") },
  { what: "a project by id", clouds: cloud("", ", project_id: 42") },
  { what: "a tenant", clouds: cloud("", ", tenant_name: x, project_domain_id: e") },
  { what: "names with dashes", clouds: cloud(", region-name: R", ", project-name: x, project-domain-name: E") },
  { what: "a project beside auth", clouds: cloud(", project_id: 1", ", project_id: 2") },
  { what: "a user beside auth", clouds: cloud(", username: other") },
  {
    what: "a domain for both",
    clouds: "clouds: {a: {auth: {auth_url: http://a, username: u, password: p, project_name: x, domain_name: D}}}",
  },
  { what: "a password of digits", clouds: "clouds: {a: {auth: {auth_url: http://a, user_id: u, password: 4711}}}" },
  { what: "a password with signs", clouds: cloud("").replace("password: p", "password: 'a: #\"b'") },
  {
    what: "secrets apart",
    clouds: "clouds: {a: {auth: {auth_url: http://a, user_id: u}}}",
    secure: "clouds: {a: {auth: {password: p}}}",
  },
  { what: "secrets that win", clouds: cloud(""), secure: "clouds: {a: {auth: {password: q}, region_name: R}}" },
  {
    what: "a cloud that is only in the file of secrets",
    clouds: cloud(""),
    secure: `clouds: {b: {auth: {${auth}}}}`,
    cloud: "b",
  },
  {
    what: "an application credential",
    clouds:
      "clouds: {a: {auth_type: v3applicationcredential, auth: {auth_url: http://a, application_credential_id: i, application_credential_secret: s}}}",
  },
  { what: "a token", clouds: "clouds: {a: {auth_type: v3token, auth: {auth_url: http://a, token: t, project_id: x}}}" },
  {
    what: "a token of any version",
    clouds: "clouds: {a: {auth_type: token, auth: {auth_url: http://a, token: t, project_id: x}}}",
  },
  { what: "a system", clouds: cloud("", ", system_scope: all") },
  { what: "an interface", clouds: cloud(", interface: internal") },
  { what: "an endpoint type", clouds: cloud(", endpoint_type: admin") },
  { what: "a region", clouds: cloud(", region_name: R") },
  { what: "several regions", clouds: cloud(", regions: [R, S]") },
  { what: "one of several regions", clouds: cloud(", regions: [R, S]"), region: "S" },
  {
    what: "a region with values",
    clouds: cloud(", regions: [R, {name: S, values: {interface: internal, auth: {project_id: 7}}}]"),
    region: "S",
  },
  { what: "no such region", clouds: cloud(", regions: [R, S]"), region: "T" },
  { what: "verify: false", clouds: cloud(", verify: false, cacert: /c.pem") },
  { what: "verify: no", clouds: cloud(", verify: no") },
  { what: "verify: off", clouds: cloud(", verify: off") },
  { what: "verify with an authority", clouds: cloud(", verify: true, cacert: /c.pem") },
  { what: "insecure", clouds: cloud(", insecure: true") },
  { what: "insecure: false", clouds: cloud(", insecure: false") },
  { what: "another address of a service", clouds: cloud(", placement_endpoint_override: 'http://p:1'") },
  { what: "a null", clouds: cloud(", cacert: ~, interface: public") },
  { what: "a merge key", clouds: `x: &x {region_name: R}\nclouds: {a: {<<: *x, auth: {${auth}}}}` },
  {
    what: "JSON",
    clouds: '{"clouds": {"a": {"auth": {"auth_url": "http://a", "user_id": "u", "password": "p"}, "verify": false}}}',
  },
  {
    what: "a profile of its own file",
    clouds: "clouds: {a: {profile: v, auth: {user_id: u, password: p}}}",
    vendors: "public-clouds: {v: {region_name: R, auth: {auth_url: http://v}}}",
  },
  { what: "a name", clouds: `clouds: {a: {auth: {${auth}}}, b: {region_name: R, auth: {${auth}}}}`, cloud: "b" },
  {
    what: "OS_CLOUD",
    clouds: `clouds: {a: {auth: {${auth}}}, b: {region_name: R, auth: {${auth}}}}`,
    environment: { OS_CLOUD: "b" },
  },
  {
    what: "OS_CLOUD and other variables",
    clouds: cloud(""),
    environment: { OS_CLOUD: "a", OS_PASSWORD: "q", OS_AUTH_URL: "http://b" },
  },
  { what: "a name that is not there", clouds: cloud(""), cloud: "b" },
  {
    what: "variables",
    environment: {
      OS_AUTH_URL: "http://e",
      OS_USERNAME: "u",
      OS_PASSWORD: "p",
      OS_USER_DOMAIN_NAME: "D",
      OS_REGION_NAME: "R",
    },
  },
  {
    what: "variables of an older time",
    environment: {
      OS_AUTH_URL: "http://e",
      OS_USERNAME: "u",
      OS_PASSWORD: "p",
      OS_USER_DOMAIN_ID: "d",
      OS_TENANT_NAME: "t",
      OS_PROJECT_DOMAIN_ID: "e",
      OS_ENDPOINT_TYPE: "internal",
    },
  },
  {
    what: "variables beside files",
    clouds: cloud(""),
    environment: { OS_AUTH_URL: "http://e", OS_USER_ID: "u", OS_PASSWORD: "p" },
  },
  { what: "a region only in the environment", clouds: cloud(""), environment: { OS_REGION_NAME: "R" } },
  {
    what: "insecure variables",
    environment: { OS_AUTH_URL: "http://e", OS_USER_ID: "u", OS_PASSWORD: "p", OS_INSECURE: "true" },
  },
  {
    what: "an authority in the environment",
    environment: { OS_AUTH_URL: "http://e", OS_USER_ID: "u", OS_PASSWORD: "p", OS_CACERT: "/c.pem" },
  },
];

const file = (path: string, text: string | undefined): CloudFile | undefined =>
  text === undefined ? undefined : { path, text };

/** What we make of it, in the words in which sdk.py tells what openstacksdk does. */
function ours({ clouds, secure, vendors, environment = {}, ...wanted }: Case): unknown {
  const files = {
    clouds: file("clouds.yaml", clouds),
    secure: file("secure.yaml", secure),
    vendors: file("v", vendors),
  };
  try {
    const access = accessFrom(findSettings({ cloud: wanted.cloud, region: wanted.region }, environment, () => files));
    const { credential, scope, tls } = access;
    const secret =
      credential.method === "password"
        ? credential.password
        : credential.method === "token"
          ? credential.token
          : credential.secret;
    return {
      authUrl: access.authUrl,
      user: "user" in credential ? credential.user : null,
      project: scope && "project" in scope ? scope.project : null,
      secret: secret.reveal(),
      application: "id" in credential ? credential.id : null,
      system: scope && "system" in scope ? scope.system : null,
      region: access.region ?? null,
      interface: access.interface,
      verify: tls.verify,
      cacert: tls.verify ? (tls.cacertFile ?? null) : null,
      placement: access.endpoints.placement?.replace(/\/$/, "") ?? null,
    };
  } catch (error) {
    return { error: String(error) };
  }
}

describe("settings of a cloud, as openstacksdk reads them:", function () {
  this.timeout(300_000);
  let sdk: LineProcess;
  before(async function () {
    this.timeout(900_000);
    sdk = LineProcess.start("openstacksdk", [await openStackPython(), join(scripts, "sdk.py")]);
  });
  after(() => sdk?.stop());

  for (const each of cases) {
    it(each.what, async () => {
      const { clouds, secure, vendors, environment = {}, cloud: name, region } = each;
      const theirs = await sdk.ask<Record<string, unknown>>({
        files: { clouds, secure, vendors },
        environment,
        cloud: name,
        region,
      });
      const mine = ours(each) as Record<string, unknown>;
      if (theirs["error"] !== undefined || mine["error"] !== undefined) {
        assert.ok(theirs["error"] !== undefined && mine["error"] !== undefined, JSON.stringify({ theirs, mine }));
        return;
      }
      // Which version of keystone an address is of, openstacksdk asks it.
      const authUrl = String(theirs["authUrl"]).replace(/\/*(v3)?$/, "/v3");
      assert.deepEqual(mine, { ...theirs, authUrl });
    });
  }
});
