/** Less than the host tells of what is in its lock (300 bytes), so that we know our own name again. */
const longest = 250;

/** By what name an apply of this process holds a host's lock: one line, that no shell's `echo` changes. */
export function holderName(owner: string): string {
  const run = `, pid ${process.pid}, since ${new Date().toISOString()}`;
  let name = "";
  for (const character of Buffer.from(owner)
    .toString()
    .replace(/[\\\u0000-\u001f\u007f]/g, "?")) {
    if (Buffer.byteLength(name + character + run) > longest) break;
    name += character;
  }
  return name + run;
}
