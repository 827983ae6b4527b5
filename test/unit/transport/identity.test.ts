import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../../../provider/core/transport/connection";
import { accessKey, loginKey } from "../../../provider/core/transport/identity";
import { connection } from "./connections";

describe("the name of a login", () => {
  const base = connection({ proxy: connection({ host: "bastion" }) });

  it("is the same for equal connections, whatever the order of their fields", () => {
    const turned = Object.fromEntries(Object.entries(base).reverse()) as unknown as Connection;
    assert.equal(loginKey(turned, "salt"), loginKey(base, "salt"));
  });

  const changes: [string, Partial<Connection>][] = [
    ["host", { host: "compute-2" }],
    ["port", { port: 2222 }],
    ["user", { user: "root" }],
    ["password", { password: "x" }],
    ["private key", { privateKey: "x" }],
    ["passphrase", { privateKeyPassword: "x" }],
    ["key file", { privateKeyFile: "/x" }],
    ["agent", { agentSocketPath: "/x" }],
    ["pinned host key", { hostKey: "x" }],
    ["host-key policy", { hostKeyChecking: "off" }],
    ["proxy", { proxy: undefined }],
    ["proxy's password", { proxy: connection({ host: "bastion", password: "x" }) }],
    ["proxy's host-key policy", { proxy: connection({ host: "bastion", hostKeyChecking: "off" }) }],
  ];
  for (const [name, change] of changes) {
    it(`is another one with another ${name}`, () =>
      assert.notEqual(loginKey({ ...base, ...change }, "salt"), loginKey(base, "salt")));
  }

  it("is the same when only the patience changes", () => {
    assert.equal(loginKey({ ...base, dialErrorLimit: 9, perDialTimeout: 1 }, "salt"), loginKey(base, "salt"));
  });

  it("is another one once the key file holds another key", () => {
    const folder = mkdtempSync("/tmp/hi-");
    try {
      const file = join(folder, "key");
      writeFileSync(file, "one");
      const before = loginKey({ ...base, privateKeyFile: file }, "salt");
      writeFileSync(`${file}-cert.pub`, "certificate");
      const certified = loginKey({ ...base, privateKeyFile: file }, "salt");
      writeFileSync(file, "two");
      const after = loginKey({ ...base, privateKeyFile: file }, "salt");
      assert.equal(new Set([before, certified, after]).size, 3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("cannot be computed by who knows the credentials but not the salt", () => {
    assert.notEqual(loginKey(base, "salt"), loginKey(base, "other"));
    assert.match(loginKey(base, "salt"), /^[0-9a-f]{20}$/);
  });

  it("of the access to root also depends on sudo's password, the login's does not", () => {
    const sudo = { method: "sudo", password: "x" } as const;
    assert.notEqual(accessKey(base, sudo, "salt"), accessKey(base, { ...sudo, password: "y" }, "salt"));
    assert.notEqual(accessKey(base, sudo, "salt"), accessKey(base, { method: "none", password: undefined }, "salt"));
  });
});
