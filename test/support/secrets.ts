/** A text that a secret must not be in, by where it is. */
export type Texts = Readonly<Record<string, string>>;

/** How the text of every private key of OpenSSH begins, that of the host on which it is looked for, too. */
const anyKey = Buffer.from("openssh-key-v1\0\0\0\0").toString("base64");

/**
 * What to look for if a secret must not be anywhere: as it is, in base64, and as JSON and URLs write it, also one within
 * the other. Of a text of many lines each line counts, but for those that say nothing.
 */
export function formsOf(secret: string): Map<string, string> {
  const lines = secret
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.length > 7 && !line.startsWith("-----") && !line.startsWith(anyKey));
  if (lines.length === 0) throw new RangeError("there is nothing in this secret to look for");
  const forms = new Map<string, string>();
  const add = (text: string, form: string) => {
    if (!forms.has(text)) forms.set(text, form);
  };
  for (const text of secret.includes("\n") ? lines : [secret]) {
    add(text, "in clear");
    add(inJson(text), "as JSON text");
    add(inJson(inJson(text)), "as JSON text in JSON text");
    add(encodeURIComponent(text), "in a URL");
    add(encodeURIComponent(text).replaceAll("%20", "+"), "in a form");
    for (const part of insideBase64(text)) {
      add(part, "in base64");
      add(encodeURIComponent(part), "in base64 in a URL");
    }
    add(text.replaceAll("'", "'\\''"), "in quotes of a shell");
  }
  if (secret.includes("\n")) {
    add(inJson(secret), "as JSON text");
    for (const part of insideBase64(secret)) add(part, "in base64");
  }
  return forms;
}

/** Where a secret is, and in which form; a place that has nothing of it is not named. */
export function findSecret(texts: Texts, secret: string): string[] {
  const forms = formsOf(secret);
  return Object.entries(texts).flatMap(([name, text]) => {
    const found = [...forms].filter(([mark]) => text.includes(mark)).map(([, form]) => form);
    return [...new Set(found)].map((form) => `${name}: ${form}`);
  });
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A text's base64 depends on where in a group of three bytes it begins; the letters at its ends on what is beside it. */
function insideBase64(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64");
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
}
