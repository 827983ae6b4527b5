import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { repositoryRoot } from "../lab/places";

/** The head and the tail of a device that something was on, made by a kernel or a tool that this machine may not have. */
export interface RecordedContent {
  /** The size of the device: some labels are counted from its end. */
  mib: number;
  /** What `wipefs` found on it, as `type at offset`. */
  signatures: string[];
  /** What is not zero: a place, in hexadecimal, to the bytes there, packed by gzip and base64. */
  pieces: Record<string, string>;
}

/** Where they are kept, one JSON file each, named after what is on it. */
export const recordedFolder = join(repositoryRoot(), "test", "fixtures", "deviceContents");

/** All of them, by their names. */
export function readRecorded(): Map<string, RecordedContent> {
  const files = readdirSync(recordedFolder).sort();
  return new Map(
    files.map((file) => [file.slice(0, -".json".length), JSON.parse(readFileSync(join(recordedFolder, file), "utf8"))]),
  );
}

/** Writes one to a device of the same size that is blank. */
export function replay(content: RecordedContent, device: string): void {
  const file = openSync(device, "r+");
  for (const [place, packed] of Object.entries(content.pieces)) {
    const bytes = gunzipSync(Buffer.from(packed, "base64"));
    writeSync(file, bytes, 0, bytes.length, Number(place));
  }
  fsyncSync(file);
  closeSync(file);
}

/** As it is kept in `pieces`. */
export function pack(bytes: Buffer): string {
  return gzipSync(bytes, { level: 9 }).toString("base64");
}
