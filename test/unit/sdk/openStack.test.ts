import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { secretUnlessName } from "../../../sdk/nodejs/openStack";

describe("the cloud that a program names", () => {
  const isSecret = (value: unknown) => pulumi.isSecret(value as pulumi.Output<unknown>);

  it("is no secret by its name alone, which state shows as it is", () => {
    assert.equal(secretUnlessName("production"), "production");
    assert.equal(secretUnlessName(undefined), undefined);
  });

  it("is a secret as a whole where it may hold one, whatever it holds", async () => {
    assert.equal(await isSecret(secretUnlessName({ cloud: "production" })), true);
    assert.equal(await isSecret(secretUnlessName({ authUrl: "http://a/v3", password: "p" })), true);
    assert.equal(await isSecret(secretUnlessName(pulumi.output("production"))), true);
  });
});
