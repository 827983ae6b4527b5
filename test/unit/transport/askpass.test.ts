import { strict as assert } from "node:assert";
import { addedKeyQuestions, keyFileQuestion, questionKind } from "../../../provider/core/transport/askpass";

describe("what a login's question wants", () => {
  const cases: [string, "password" | "passphrase" | undefined][] = [
    ["root@compute-1's password: ", "password"],
    ["(deploy@compute-1) Password: ", "password"],
    ["(deploy@compute-1) Passwort: ", "password"],
    ["(deploy@compute-1) LDAP Password: ", "password"],
    ["Enter passphrase for key '/home/ops/.ssh/id_ed25519': ", "passphrase"],
    ["Enter passphrase for (stdin): ", "passphrase"],
    ["Bad passphrase, try again for (stdin): ", "passphrase"],
    ["Enter passphrase for key '/home/ops/.ssh/id_rsa': ", undefined],
    ["Enter passphrase for key '/home/ops/.ssh/id_ed25519'", undefined],
    ["Enter passphrase for your account: ", undefined],
    ["Enter passphrase: ", undefined],
    ["Please give your Passphrase: ", undefined],
    ["(deploy@compute-1) Enter passphrase for key '/home/ops/.ssh/id_ed25519': ", undefined],
    ["Enter PIN for ED25519-SK key /home/ops/.ssh/id_ed25519_sk: ", undefined],
    ["(deploy@compute-1) Verification code: ", undefined],
    ["(deploy@compute-1) One-time password (OATH) for `deploy': ", undefined],
    ["(deploy@compute-1) Duo passcode or option (1-2): ", undefined],
    ["(deploy@compute-1) New password: ", undefined],
    ["(deploy@compute-1) Retype new password: ", undefined],
    ["Are you sure you want to continue connecting (yes/no/[fingerprint])? ", undefined],
  ];
  const ours = [keyFileQuestion("/home/ops/.ssh/id_ed25519"), ...addedKeyQuestions];
  for (const [question, kind] of cases)
    it(`${question.trim()} wants ${kind ?? "something we have not"}`, () =>
      assert.equal(questionKind(question, ours), kind));

  it("is no passphrase that another program would ask for", () => {
    for (const question of addedKeyQuestions) assert.equal(questionKind(question, [keyFileQuestion("/k")]), undefined);
    assert.equal(questionKind(keyFileQuestion("/k"), addedKeyQuestions), undefined);
  });

  it("is told apart by no more of a key file's name than ssh shows", () => {
    assert.equal(keyFileQuestion(`/${"k".repeat(150)}`), `Enter passphrase for key '/${"k".repeat(99)}': `);
  });
});
