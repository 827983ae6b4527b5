import { strict as assert } from "node:assert";
import { findSecret } from "../../support/secrets";

const password = 'p\'w "4711" \\ %h ünïcode';
const key =
  "-----BEGIN KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\nAAAAMwAAAAtzc2gtZWQyNTUxOQAAACD\n-----END KEY-----\n";

describe("looking for a secret in a text", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const hidden: [form: string, secret: string, text: string][] = [
    ["in clear", password, `password is ${password}!`],
    ["as JSON text", password, JSON.stringify({ password })],
    ["as JSON text in JSON text", password, JSON.stringify(JSON.stringify({ password }))],
    ["in a URL", password, `https://example.net/?password=${encodeURIComponent(password)}`],
    ["in a form", password, new URLSearchParams({ password }).toString().replaceAll("%27", "'")],
    ["in base64", password, base64(password)],
    ["in base64", password, base64(`x${password}y`)],
    ["in base64", password, base64(`xy${password}`)],
    ["in quotes of a shell", password, `echo 'p'\\''w "4711" \\ %h ünïcode'`],
    ["in clear", key, "found AAAAMwAAAAtzc2gtZWQyNTUxOQAAACD somewhere"],
    ["as JSON text", key, JSON.stringify({ key })],
    ["in base64", key, base64(key)],
  ];
  for (const [form, secret, text] of hidden) {
    it(`finds it ${form}: ${text.slice(0, 30)}`, () => {
      assert.ok(findSecret({ text }, secret).includes(`text: ${form}`), JSON.stringify(findSecret({ text }, secret)));
    });
  }

  it("finds nothing where nothing of it is", () => {
    assert.deepEqual(findSecret({ text: "-----BEGIN KEY-----\npassword" }, key), []);
    assert.deepEqual(findSecret({ text: "p'w" }, password), []);
  });

  it("refuses to look for nothing", () => {
    assert.throws(() => findSecret({}, "a\nb\n"), /nothing in this secret/);
  });
});
