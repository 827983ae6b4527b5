/** The forms that a multi-line secret can take in a text: as it is, within JSON, or as part of something in base64. */
export function findSecret(texts: Record<string, string>, secret: string): string[] {
  const body = secret
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.length > 20 && !line.startsWith("-----"));
  if (body.length === 0) throw new RangeError("there is nothing in this secret to look for");
  const marks = new Map<string, string>();
  for (const line of body) marks.set(line, "in clear");
  marks.set(JSON.stringify(secret).slice(1, -1), "as JSON text");
  for (const line of [secret, ...body]) for (const mark of insideBase64(line)) marks.set(mark, "in base64");
  return Object.entries(texts).flatMap(([name, text]) => {
    const found = [...marks].filter(([mark]) => text.includes(mark)).map(([, form]) => form);
    return [...new Set(found)].map((form) => `${name}: ${form}`);
  });
}

/** A text's base64 depends on where in a group of three bytes it begins; the letters at its ends on what is beside it. */
function insideBase64(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64");
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
}
