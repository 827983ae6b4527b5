import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { repositoryRoot } from "../lab/places";

/** What is not zero on a device: a place, in hexadecimal, to the bytes there, packed by gzip and base64. */
export type Pieces = Record<string, string>;

/** The head and the tail of a device that something was on, made by a kernel or a tool that this machine may not have. */
export interface RecordedContent {
  /** The size of the device: some labels are counted from its end. */
  mib: number;
  /** What `wipefs` found on it, as `type at offset`. */
  signatures: string[];
  pieces: Pieces;
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

/** Writes them to a device of the same size that is blank. */
export function writePieces(pieces: Pieces, device: string): void {
  const file = openSync(device, "r+");
  for (const [place, packed] of Object.entries(pieces)) {
    const bytes = gunzipSync(Buffer.from(packed, "base64"));
    writeSync(file, bytes, 0, bytes.length, Number(place));
  }
  fsyncSync(file);
  closeSync(file);
}

/** All of a device, which is mostly zeros. */
export function readPieces(device: string): Pieces {
  const file = openSync(device, "r");
  const pieces: Pieces = {};
  const step = 1024 * 1024;
  const buffer = Buffer.alloc(step);
  for (let place = 0, length = 1; length > 0; place += length) {
    length = readSync(file, buffer, 0, step, place);
    const bytes = buffer.subarray(0, length);
    if (bytes.some((byte) => byte !== 0)) pieces[`0x${place.toString(16)}`] = pack(bytes);
  }
  closeSync(file);
  return pieces;
}

/** As it is kept in {@link Pieces}. */
export function pack(bytes: Buffer): string {
  return gzipSync(bytes, { level: 9 }).toString("base64");
}
