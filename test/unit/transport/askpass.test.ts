import { strict as assert } from "node:assert";
import { questionKind } from "../../../provider/core/transport/askpass";

describe("what a login's question wants", () => {
  const cases: [string, "password" | "passphrase" | undefined][] = [
    ["root@compute-1's password: ", "password"],
    ["(deploy@compute-1) Password: ", "password"],
    ["(deploy@compute-1) Passwort: ", "password"],
    ["(deploy@compute-1) LDAP Password: ", "password"],
    ["Enter passphrase for key '/home/ops/.ssh/id_ed25519': ", "passphrase"],
    ["Enter passphrase for (stdin): ", "passphrase"],
    ["Bad passphrase, try again for (stdin): ", "passphrase"],
    ["Enter PIN for ED25519-SK key /home/ops/.ssh/id_ed25519_sk: ", undefined],
    ["(deploy@compute-1) Verification code: ", undefined],
    ["(deploy@compute-1) One-time password (OATH) for `deploy': ", undefined],
    ["(deploy@compute-1) Duo passcode or option (1-2): ", undefined],
    ["(deploy@compute-1) New password: ", undefined],
    ["(deploy@compute-1) Retype new password: ", undefined],
    ["Are you sure you want to continue connecting (yes/no/[fingerprint])? ", undefined],
  ];
  for (const [question, kind] of cases)
    it(`${question.trim()} wants ${kind ?? "something we have not"}`, () => assert.equal(questionKind(question), kind));
});
