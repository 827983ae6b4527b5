import { strict as assert } from "node:assert";
import { hostname } from "node:os";
import { isThisMachine } from "../../../provider/core/transport/thisMachine";

describe("the machine that Pulumi runs on", () => {
  for (const name of ["localhost", hostname(), hostname().toUpperCase(), hostname().split(".", 1)[0]!])
    it(`is meant by ${name}`, () => assert.ok(isThisMachine(name)));

  for (const name of ["compute-7", `${hostname()}.no-such-domain.invalid`, `${hostname()}x`, "localhost.example.net"])
    it(`is not meant by ${name}`, () => assert.ok(!isThisMachine(name)));
});
