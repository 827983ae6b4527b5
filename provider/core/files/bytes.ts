/** What a host printed, one character a byte, as the text that it is to a program: names of files and guests. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** The opposite: text of a program as a host has it, one character a byte. */
export function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
