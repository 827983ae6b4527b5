import { strict as assert } from "node:assert";
import type { PmemFacts, PmemNamespace, PmemRegion } from "../../../provider/core/facts/pmem";
import { RegionRoom, usableBytes } from "../../../provider/core/kinds/pmemSize";
import { namespaceUuid } from "../../../provider/core/kinds/pmemState";
import type { CallStep } from "../../../provider/core/plan/step";

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/** Persistent memory in a few words; what is not mentioned is as on a host that has none. */
export interface PmemDescription {
  /** GiB of each region, or more about it. */
  regions?: Record<string, number | (Partial<PmemRegion> & { gib: number })>;
  namespaces?: (Partial<PmemNamespace> & {
    name?: string;
    /** Of its region. */
    mib: number;
    /** Who made it by our rules, where it was not somebody else. */
    madeBy?: string;
  })[];
  failure?: string;
}

/** Regions and namespaces of a described host, and what the host's library would do to them. */
export class DescribedPmem {
  readonly facts: PmemFacts;
  private made = 0;

  constructor(description: PmemDescription) {
    const regions = Object.entries(description.regions ?? {}).map(([dev, each], index) => {
      const { gib: size, ...others } = typeof each === "number" ? { gib: each } : each;
      return {
        dev,
        sizeBytes: size * gib,
        largestExtentBytes: size * gib,
        start: (index + 1) * 256 * gib,
        alignBytes: 16 * mib,
        interleaveWays: 1,
        numaNode: index,
        isLabelled: true,
        isReadOnly: false,
        alignments: [4096, 2 * mib, gib],
        ...others,
      };
    });
    this.facts = { regions, namespaces: [], failure: description.failure };
    for (const { mib: size, madeBy, ...others } of description.namespaces ?? []) {
      this.add(others.region ?? "region0", size * mib, {
        ...(madeBy === undefined ? {} : { rawUuid: namespaceUuid(madeBy, others.name!) }),
        ...others,
      });
    }
  }

  private add(dev: string, bytes: number, others: Partial<PmemNamespace>): void {
    const region = this.facts.regions.find((each) => each.dev === dev);
    assert.ok(region, dev);
    const start = new RegionRoom(region, this.facts.namespaces).take(bytes);
    assert.ok(start !== undefined, `${others.name} of ${bytes} bytes has room in ${dev}`);
    const number = `${/\d+$/.exec(dev)![0]}.${this.facts.namespaces.filter((each) => each.region === dev).length}`;
    const { alignBytes = 2 * mib, mode = "devdax", isEnabled = true, map = "dev" } = others;
    const isUsable = mode === "devdax" && isEnabled;
    this.made += 1;
    this.facts.namespaces.push({
      dev: `namespace${number}`,
      region: dev,
      name: undefined,
      mode: isEnabled ? mode : "raw",
      isEnabled,
      usableBytes: mode === "devdax" ? usableBytes(start, bytes, alignBytes, map === "mem" ? "mem" : "dev") : bytes,
      rawBytes: bytes,
      start,
      uuid: `00000000-0000-4000-8000-${String(this.made).padStart(12, "0")}`,
      rawUuid: `00000000-0000-4000-9000-${String(this.made).padStart(12, "0")}`,
      alignBytes,
      map,
      device: isUsable ? `dax${number}` : undefined,
      isSystemRam: false,
      blockDevice: mode === "fsdax" ? "pmem0" : undefined,
      users: [],
      ...others,
    });
  }

  /** True if the call was about namespaces. */
  perform(
    { call, args }: CallStep,
    host: { write(path: string, text: string): void; text(path: string): string | undefined },
  ): boolean {
    const [one, two, three, ...more] = args.map(String) as [string, string, string, ...string[]];
    switch (call) {
      case "create_namespace": {
        this.remove(({ name }) => name === one);
        const [bytes, alignBytes, map] = more;
        this.add(three, Number(bytes), { name: one, rawUuid: two, alignBytes: Number(alignBytes), map: map! });
        return true;
      }
      case "enable_namespace": {
        const found = this.facts.namespaces.find(({ rawUuid }) => rawUuid === two);
        assert.ok(found, one);
        Object.assign(found, { isEnabled: true, mode: "devdax", device: found.dev.replace("namespace", "dax") });
        return true;
      }
      case "destroy_namespace":
        this.remove(({ name, uuid }) => name === one && uuid === three);
        return true;
      case "note_devices":
        host.write(one, this.noted(host.text(one)!));
        return true;
      default:
        return false;
    }
  }

  private remove(isIt: (namespace: PmemNamespace) => boolean): void {
    this.facts.namespaces = this.facts.namespaces.filter((each) => !isIt(each));
  }

  private noted(record: string): string {
    return record.replace(/"of ([0-9a-f-]{36})"/g, (whole, uuid: string) => {
      const device = this.facts.namespaces.find(({ rawUuid }) => rawUuid === uuid)?.device;
      return device === undefined ? whole : `"${device}"`;
    });
  }

  /** What a boot makes of it: the kernel gives its numbers anew. */
  renumber(name: string, device: string): void {
    const found = this.facts.namespaces.find((each) => each.name === name);
    assert.ok(found, name);
    Object.assign(found, { device, dev: device.replace("dax", "namespace") });
  }

  /** @param isEnabled as raw: what ndctl leaves that was cut. */
  disable(name: string, isEnabled = false): void {
    const found = this.facts.namespaces.find((each) => each.name === name);
    assert.ok(found, name);
    Object.assign(found, { isEnabled, mode: "raw", device: undefined });
  }

  use(name: string, user: string): void {
    const found = this.facts.namespaces.find((each) => each.name === name);
    assert.ok(found, name);
    found.users.push(user);
  }

  /** ndctl lists nothing any more. */
  fail(failure: string): void {
    Object.assign(this.facts, { namespaces: [], failure });
  }
}
