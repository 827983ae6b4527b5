import { strict as assert } from "node:assert";
import { HostError } from "../../../provider/core/errors";
import type { HostFile } from "../../../provider/core/facts/hostFile";
import { readCloudRecord, readObjectRecord, readPendingRecord } from "../../../provider/core/facts/records";

const path = "/var/lib/hostmem/objects/BackingStore.json";

function file(value: unknown): HostFile {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { path, realPath: path, text, sha256: "", modifiedAt: 0, links: 1, isRegular: true, tooLarge: false };
}

const edit = {
  ...{ path: "/etc/fstab", section: "", option: "/srv", before: null, ours: ["UUID=1 /srv xfs ro 0 0"], siblings: [] },
  ...{ addedSection: false, addedNewline: false },
};
const store = { mountPoint: "/srv", mounted: true, files: [] };
const record = { version: 1, owner: "project/stack/name", edits: [edit], store };
const pool = { node: 0, sizeKib: 2048, before: 0, ours: [4, 2] };
const pages = { pools: [pool], restricts: true, bootLoader: "due", traits: [{ name: "CUSTOM_A", set: false }] };
const pending = {
  ...{ version: 1, services: ["nova-compute"], reasons: ["because"] },
  edits: [{ object: "BackingStore", action: "set", edit }],
};

const cloud = {
  version: 1,
  drained: { host: "compute-1", reason: "because" },
  former: { memoryRatio: 1.5, hadTrait: false },
};

describe("our own records on a host", () => {
  it("of what is owed to a cloud are read as they were written, and refused otherwise", () => {
    for (const written of [cloud, { version: 1 }, { version: 1, former: { memoryRatio: null, hadTrait: true } }])
      assert.deepEqual(readCloudRecord("host", file(written)), written);
    for (const wrong of [
      { ...cloud, version: 2 },
      { ...cloud, drained: { host: "compute-1" } },
      { ...cloud, drained: null },
      { ...cloud, former: { memoryRatio: "1.5", hadTrait: false } },
      { ...cloud, former: { memoryRatio: 1.5 } },
      [],
    ])
      assert.throws(() => readCloudRecord("host", file(wrong)), HostError);
  });

  it("are read as they were written", () => {
    assert.deepEqual(readObjectRecord("host", file(record)), record);
    assert.deepEqual(readObjectRecord("host", file({ ...record, store: undefined })), {
      version: 1,
      owner: record.owner,
      edits: [edit],
    });
    assert.deepEqual(readObjectRecord("host", file({ ...record, pages })).pages, pages);
    const beside = { pools: [{ node: 0, sizeKib: 2048, count: 4 }], files: [{ path: "/a", content: null }] };
    assert.deepEqual(readPendingRecord("host", file({ ...pending, ...beside })), { ...pending, ...beside });
    const entry = { ...record, edits: [{ ...edit, entry: "node:0,size:2048,count:1" }] };
    assert.deepEqual(readObjectRecord("host", file(entry)), entry);
    assert.deepEqual(readPendingRecord("host", file(pending)), pending);
  });

  const changed: [string, unknown][] = [
    ["nothing", ""],
    ["half a text", '{"version":1,"own'],
    ["null", null],
    ["a list", [record]],
    ["no version", { ...record, version: undefined }],
    ["a version that is no number", { ...record, version: "1" }],
    ["no owner", { ...record, owner: undefined }],
    ["no edits", { ...record, edits: undefined }],
    ["an edit of nothing", { ...record, edits: [null] }],
    ["an edit without our lines", { ...record, edits: [{ ...edit, ours: [] }] }],
    ["an edit whose former line is a number", { ...record, edits: [{ ...edit, before: 5 }] }],
    ["an edit whose entry is a number", { ...record, edits: [{ ...edit, entry: 5 }] }],
    ["a store without a mount point", { ...record, store: { ...store, mountPoint: undefined } }],
    ["pages without pools", { ...record, pages: { restricts: true } }],
    ["a pool of half a page", { ...record, pages: { ...pages, pools: [{ ...pool, before: 0.5 }] } }],
    ["a pool that we never set", { ...record, pages: { ...pages, pools: [{ ...pool, ours: [] }] } }],
    ["a trait without a name", { ...record, pages: { ...pages, traits: [{ set: true }] } }],
    ["a boot loader of another state", { ...record, pages: { ...pages, bootLoader: "off" } }],
    ["a store with files that are no names", { ...record, store: { ...store, files: [1] } }],
  ];
  for (const [name, value] of changed) {
    it(`are refused by name with ${name} in place of an object's`, () => {
      assert.throws(
        () => readObjectRecord("host", file(value)),
        (error: unknown) =>
          error instanceof HostError && error.kind === "unexpected" && error.message.includes(`${path} is not`),
      );
    });
  }

  it("may be of a newer release where they have a word that this one does not know", () => {
    for (const [word, record] of [
      ["virtnodedevd", { ...pending, services: ["nova-compute", "virtnodedevd"] }],
      ["moved", { ...pending, edits: [{ ...pending.edits[0], action: "moved" }] }],
    ] as const)
      assert.throws(
        () => readPendingRecord("host", file(record)),
        (error: unknown) =>
          error instanceof HostError &&
          error.message.includes(`${path} says "${word}", which this pulumi-hostmem does not know`) &&
          error.message.includes("A newer one may have written it") &&
          !/remove it/.test(error.message),
      );
  });

  it("are refused with a service, an action or an edit that is none", () => {
    const wrong = [
      { ...pending, services: [1] },
      { ...pending, edits: [{ ...pending.edits[0], action: null }] },
      { ...pending, edits: [{ ...pending.edits[0], edit: {} }] },
      { ...pending, reasons: "because" },
      { ...pending, pools: [{ node: 0, sizeKib: 2048, count: -1 }] },
      { ...pending, files: [{ path: "/a", content: 5 }] },
    ];
    for (const each of wrong) assert.throws(() => readPendingRecord("host", file(each)), HostError);
  });

  it("of a newer release say so, whatever their form is then", () => {
    const newer = file({ version: 2, anything: [] });
    assert.throws(() => readObjectRecord("host", newer), /was written by a newer pulumi-hostmem/);
    assert.throws(() => readPendingRecord("host", newer), /was written by a newer pulumi-hostmem/);
  });
});
