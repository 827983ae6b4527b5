import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { HostError } from "../../../../provider/core/errors";
import { type HostFacts, parseFacts } from "../../../../provider/core/facts/hostFacts";
import { hidesInfo, hidesProcess, novaLogFile, readNovaConfig } from "../../../../provider/core/novaConfig";
import { ownerProblem } from "../../../../provider/core/ownership";
import { FileChanges } from "../../../../provider/core/plan/fileChanges";
import { composePending, planOptions, planReturn } from "../../../../provider/core/plan/options";
import { type AnyTarget, target } from "../target";
import { damaged } from "../texts";
import { nonce, outputs, outputWith, pieces } from "./output";

/** Reads an answer, and uses what was read as every kind does. Undefined for an answer that is refused as it should be. */
function readAndUse(output: string): HostFacts | undefined {
  let facts: HostFacts;
  try {
    facts = parseFacts("host", nonce, output);
  } catch (error) {
    assert.ok(error instanceof HostError, error as Error);
    return undefined;
  }
  const config = readNovaConfig(facts);
  novaLogFile(facts, config);
  hidesInfo(facts, config);
  hidesProcess(facts, config);
  for (const [object, record] of facts.journal.objects) {
    ownerProblem(object, { owner: "p/s/r" } as Parameters<typeof ownerProblem>[1], undefined, facts);
    planOptions(facts, object, record, []);
  }
  const pending = facts.journal.pending?.edits ?? [];
  const records = new Map([...facts.journal.objects].map(([object, { edits }]) => [object, edits] as const));
  planReturn(FileChanges.on(facts), composePending(pending, pending), records);
  return facts;
}

const anyRecord = fc.json({ maxDepth: 3 });

/** A JSON text with one value in it replaced by another. */
function mutated(text: string): fc.Arbitrary<string> {
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]): void => {
    paths.push(path);
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value))
      walk(inner, [...path, Array.isArray(value) ? Number(name) : name]);
  };
  walk(JSON.parse(text), []);
  return fc
    .tuple(fc.constantFrom(...paths), fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined)))
    .map(([path, by]) => {
      const root = { value: JSON.parse(text) as unknown };
      let place = root as Record<string | number, unknown>;
      const steps = ["value", ...path];
      for (const step of steps.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
      place[steps.at(-1)!] = by;
      return JSON.stringify(root.value) ?? "";
    });
}

const edit = {
  ...{ path: "/etc/nova/nova.conf", section: "libvirt", option: "file_backed_memory", before: null, ours: ["a = 1"] },
  ...{ siblings: [], addedSection: true, addedNewline: true, lastLine: { text: "x", count: 1 } },
};
const store = {
  ...{ mountPoint: "/srv/a", device: "/dev/sdb", fileSystem: "xfs", uuid: "u", unfinished: true, mounted: true },
  ...{ madeDirectory: "/srv/a", files: ["/etc/x"] },
};
const pages = {
  ...{ pools: [{ node: 0, sizeKib: 2048, before: 0, ours: [4] }], restricts: true, bootLoader: "on" },
  traits: [{ name: "CUSTOM_A", set: true }],
};
const objectRecord = JSON.stringify({ version: 1, owner: "p/s/r", edits: [edit], store, pages });
const pendingRecord = JSON.stringify({
  ...{ version: 1, services: ["libvirt", "nova-compute"], reasons: ["why"] },
  edits: [{ object: "FileBackedMemoryConfig", action: "set", edit }],
  pools: [{ node: 0, sizeKib: 2048, count: 4 }],
  files: [{ path: "/etc/x", content: null }],
});
const record = (whole: string) => fc.oneof(mutated(whole), anyRecord, damaged(fc.constant(whole), pieces, 2));
const records = fc.record({
  object: fc.oneof(fc.constant(objectRecord), record(objectRecord)),
  pending: fc.oneof(fc.constant(pendingRecord), record(pendingRecord)),
});

const asFile = (text: string) => `81a4 0 0 5 1 1\n/x\n${Buffer.from(text, "utf8").toString("latin1")}`;

/** What is true of the facts of a host, whatever the host prints. */
export const factTargets: AnyTarget[] = [
  target({
    name: "facts",
    says: "whatever a host answers is read and used, or refused as an unexpected answer of that host",
    cases: outputs,
    holds: (output: string, _, saw) => {
      saw(readAndUse(output) ? "read" : "refused");
    },
    mustSee: ["read", "refused"],
    runs: { sample: 300, full: 5_000 },
  }),
  target({
    name: "records",
    says: "whatever stands in our own files on a host is what we wrote, or refused with the file's name",
    cases: records,
    holds: ({ object, pending }: { object: string; pending: string }, _, saw) => {
      const facts = readAndUse(
        outputWith({
          "file /var/lib/hostmem/objects/FileBackedMemoryConfig.json": asFile(object),
          "file /var/lib/hostmem/pending.json": asFile(pending),
        }),
      );
      if (!facts) return saw("refused");
      saw("read");
      const read = JSON.parse(object) as { edits: unknown; owner: unknown };
      assert.deepEqual(facts.journal.objects.get("FileBackedMemoryConfig"), read);
      assert.ok(typeof read.owner === "string" && Array.isArray(read.edits));
    },
    mustSee: ["read", "refused"],
    runs: { sample: 300, full: 5_000 },
  }),
];
