import { sha256 } from "../facts/hostFile";
import type { CloudRecord, ObjectRecord, PendingRecord } from "../facts/journal";
import { bytesOf } from "../files/bytes";
import type { WriteRecordStep } from "./step";

/** What a file of ours below /var/lib/hostmem holds. */
export type HostRecord = ObjectRecord | PendingRecord | CloudRecord;

/** Writes of our own records, one after the other; none where a record is so already. */
export class RecordWrites {
  private readonly hashes: Map<string, string>;

  /** @param hashes of the records as they are on the host. */
  constructor(hashes: ReadonlyMap<string, string>) {
    this.hashes = new Map(hashes);
  }

  /** @param record undefined to remove it. */
  write(path: string, record: HostRecord | undefined): WriteRecordStep[] {
    const content = serialise(record);
    const before = this.hashes.get(path);
    const after = content && sha256(bytesOf(content));
    if (before === after) return [];
    if (after === undefined) this.hashes.delete(path);
    else this.hashes.set(path, after);
    return [{ kind: "write-record", path, before, content }];
  }
}

/** The text of a record on the host. */
export function serialise(record: HostRecord): string;
export function serialise(record: HostRecord | undefined): string | undefined;
export function serialise(record: HostRecord | undefined): string | undefined {
  return record && `${JSON.stringify(record, undefined, 1)}\n`;
}
