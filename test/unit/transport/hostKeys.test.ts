import { strict as assert } from "node:assert";
import { HostError } from "../../../provider/core/errors";
import { hostKeyPolicy } from "../../../provider/core/transport/hostKeys";
import { connection } from "./connections";

const ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIPKmFmnGbuBOVHAwVWkzCpQXJyjVM2UJ7v8x5OxcVYxa";
const rsa = `${Buffer.from("\u0000\u0000\u0000\u0007ssh-rsa").toString("base64").replaceAll("=", "")}AAAA`;

describe("how a host is verified", () => {
  it("pins exactly the given key, in whatever form it is written", () => {
    for (const line of [
      `ssh-ed25519 ${ed25519}`,
      `  ssh-ed25519 ${ed25519} root@compute-1\n`,
      `[compute-1]:2222 ssh-ed25519 ${ed25519}`,
      `# compute-1:22 SSH-2.0-OpenSSH_9.2\ncompute-1 ssh-ed25519 ${ed25519}`,
    ]) {
      const policy = hostKeyPolicy(connection({ hostKey: line }), 9.2);
      assert.equal(policy.knownHosts, `hostmem-pinned ssh-ed25519 ${ed25519}\n`);
      for (const option of [
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=/dev/null",
        "KnownHostsCommand=none",
        "HostKeyAlgorithms=ssh-ed25519",
      ]) {
        assert.ok(policy.options.includes(option), option);
      }
    }
  });

  it("lets an RSA key sign the way hosts of today sign", () => {
    const policy = hostKeyPolicy(connection({ hostKey: `ssh-rsa ${rsa}` }), 9.2);
    assert.ok(policy.options.includes("HostKeyAlgorithms=rsa-sha2-512,rsa-sha2-256"));
  });

  it("pins several keys of one host", () => {
    const policy = hostKeyPolicy(connection({ hostKey: `ssh-ed25519 ${ed25519}\nssh-rsa ${rsa}` }), 9.2);
    assert.equal(policy.knownHosts?.split("\n").length, 3);
    assert.ok(policy.options.includes("HostKeyAlgorithms=ssh-ed25519,rsa-sha2-512,rsa-sha2-256"));
  });

  it("keeps the names that an authority is believed for, and lets the certificate name the real host", () => {
    const policy = hostKeyPolicy(
      connection({ hostKey: `@cert-authority *.example.net ssh-ed25519 ${ed25519} ca` }),
      9.2,
    );
    assert.equal(policy.knownHosts, `@cert-authority *.example.net ssh-ed25519 ${ed25519}\n`);
    assert.ok(!policy.options.some((option) => option.startsWith("HostKeyAlias")));
    const anywhere = hostKeyPolicy(connection({ hostKey: `@cert-authority ssh-ed25519 ${ed25519}` }), 9.2);
    assert.equal(anywhere.knownHosts, `@cert-authority * ssh-ed25519 ${ed25519}\n`);
  });

  it("refuses what is no public key", () => {
    for (const hostKey of [
      "SHA256:abc",
      "ssh-ed25519",
      "ssh-ed25519 abc",
      `ssh-rsa ${ed25519}`,
      "# only a comment",
      `@revoked * ssh-ed25519 ${ed25519}`,
    ]) {
      assert.throws(() => hostKeyPolicy(connection({ hostKey }), 9.2), HostError, hostKey);
    }
  });

  it("checks strictly unless something else is spelled out", () => {
    const strict = hostKeyPolicy(connection(), 9.2);
    assert.ok(strict.options.includes("StrictHostKeyChecking=yes"));
    assert.ok(!strict.options.some((option) => option.includes("/dev/null")));
    assert.ok(
      hostKeyPolicy(connection({ hostKeyChecking: "accept-new" }), 9.2).options.includes(
        "StrictHostKeyChecking=accept-new",
      ),
    );
    assert.ok(hostKeyPolicy(connection({ hostKeyChecking: "off" }), 9.2).options.includes("StrictHostKeyChecking=no"));
  });

  it("does not use an option that older clients refuse", () => {
    const policy = hostKeyPolicy(connection({ hostKey: `ssh-ed25519 ${ed25519}` }), 8.0);
    assert.ok(!policy.options.some((option) => option.startsWith("KnownHostsCommand")));
  });
});
