import { strict as assert } from "node:assert";
import { kinds } from "../../provider/core/kinds";
import { ownerProblem } from "../../provider/core/ownership";
import { lacking, minimums } from "../../provider/core/versions";
import { DescribedHost } from "../support/plans/describedHost";
import { readArgs } from "../support/plans/planCase";

const all = {
  libvirt: "9.0.0",
  qemu: "7.2.22",
  nova: "26.2.2",
  kernel: "6.1.0",
  systemd: "252.0.0",
  ndctl: "76.1.0",
  daxio: "1.12.1",
};

describe("minimum versions", () => {
  it("are met by exactly these versions and refused just below", () => {
    const { fileBackedMemory } = minimums;
    assert.deepEqual(lacking(fileBackedMemory, { ...all, libvirt: "4.0.0", qemu: "2.6.0", nova: "18.0.0" }), []);
    for (const below of [{ libvirt: "3.10.0" }, { qemu: "2.5.1" }, { nova: "17.0.13" }]) {
      assert.equal(lacking(fileBackedMemory, { ...all, ...below }).length, 1, JSON.stringify(below));
    }
  });

  it("of discard are those at which Nova asks for it", () => {
    assert.deepEqual(lacking(minimums.discard, { ...all, libvirt: "4.4.0", qemu: "2.10.0" }), []);
    assert.equal(lacking(minimums.discard, { ...all, libvirt: "4.3.0", qemu: "2.9.1" }).length, 2);
  });

  it("of persistent memory are those of Nova's specification, and a warning below those of its documentation", () => {
    const { persistentMemory, persistentMemoryAsDocumented, persistentMemoryMigration } = minimums;
    const oldest = {
      libvirt: "5.0.0",
      qemu: "3.1.0",
      nova: "20.0.0",
      kernel: "4.2.0",
      ndctl: "62.0.0",
      daxio: "1.4.1",
    };
    assert.deepEqual(lacking(persistentMemory, { ...all, ...oldest }), []);
    const below = [{ libvirt: "4.10.0" }, { qemu: "3.0.1" }, { nova: "19.3.2" }, { kernel: "4.1.52" }];
    for (const each of [...below, { ndctl: "61.2.0" }, { daxio: "1.4.0" }, { daxio: undefined }]) {
      assert.equal(lacking(persistentMemory, { ...all, ...each }).length, 1, JSON.stringify(each));
    }
    assert.equal(lacking(persistentMemoryAsDocumented, { ...all, ...oldest }).length, 2);
    assert.equal(lacking(persistentMemoryMigration, { ...all, ...oldest }).length, 1);
  });

  it("are not met by what could not be found", () => {
    assert.deepEqual(lacking(minimums.apply, { ...all, systemd: undefined }), [
      {
        lack: "applying a change needs systemd 236.0.0 or newer, and systemd was not found on the host",
        advice: "install it there first, or leave this host out",
      },
    ]);
  });

  it("have a source each", () => {
    for (const minimum of Object.values(minimums)) assert.match(minimum.source, /\w+, /);
  });
});

describe("the owner of an object", () => {
  const kind = kinds.get("FileBackedMemoryConfig")!;
  const args = readArgs(kind, { capacity: 1, owner: "a/b/renamed" });
  const owned = (owner: string) => {
    const host = new DescribedHost({});
    host.write(
      "/var/lib/hostmem/objects/FileBackedMemoryConfig.json",
      JSON.stringify({ version: 1, owner, edits: [] }),
    );
    return host.facts();
  };

  it("may be who the state recorded, so that a resource can be renamed", () => {
    assert.equal(ownerProblem(kind.name, args, "a/b/former", owned("a/b/former")), undefined);
    assert.equal(ownerProblem(kind.name, args, undefined, owned("a/b/renamed")), undefined);
    assert.match(
      ownerProblem(kind.name, args, undefined, owned("a/b/former"))?.message ?? "",
      /belongs to a\/b\/former/,
    );
  });

  it("is free on a host that has no record", () => {
    assert.equal(ownerProblem(kind.name, args, undefined, new DescribedHost({}).facts()), undefined);
  });
});
