import { strict as assert } from "node:assert";
import type { HugePageFacts } from "../../../provider/core/facts/hugePages";
import { pageUnitLink, pageUnitPath } from "../../../provider/core/host/pageLibrary";
import type { CallStep } from "../../../provider/core/plan/step";

/** Pages in a few words; what is not mentioned is as on a host with two nodes of 16 GiB and empty pools. */
export interface PagesDescription extends Partial<Omit<HugePageFacts, "pools" | "nodes">> {
  /** GiB of each node. */
  nodesGib?: Record<string, number>;
  /** GiB that each node could give now; by default all but one. */
  availableGib?: Record<string, number>;
  /** Sizes in KiB that the kernel has pools of. */
  sizes?: number[];
  /** By `NODE:KIB`: the number of pages, and how many of them are in use. */
  pools?: Record<string, { total: number; used?: number }>;
}

/** Pools of a described host, and what the host's library would do to them. */
export class DescribedPages {
  readonly facts: HugePageFacts;

  constructor(description: PagesDescription) {
    const { nodesGib = { 0: 16, 1: 16 }, availableGib, sizes = [2048, 1048576], pools = {}, ...others } = description;
    const ids = Object.keys(nodesGib);
    const gib = 1024 ** 2;
    this.facts = {
      basePageKib: 4,
      cpuFlags: ["pse", "pdpe1gb"],
      promised: [],
      transparent: "madvise",
      mounts: [{ mountPoint: "/dev/hugepages", files: [] }],
      holders: [],
      otherSetters: [],
      kernelArguments: [],
      ...others,
      nodes: ids.map((id) => ({
        id: Number(id),
        totalKib: nodesGib[id]! * gib,
        availableKib: (availableGib?.[id] ?? nodesGib[id]! - 1) * gib,
      })),
      pools: ids.flatMap((id) =>
        sizes.map((sizeKib) => {
          const { total, used } = { used: 0, total: 0, ...pools[`${id}:${sizeKib}`] };
          return { node: Number(id), sizeKib, total, free: total - used };
        }),
      ),
    };
  }

  /** True if the call was about pools or their unit. */
  perform(
    { call, args }: CallStep,
    host: {
      write(path: string, text: string): void;
      remove(path: string): void;
      text(path: string): string | undefined;
    },
  ): boolean {
    if (call === "enable_unit") host.write(pageUnitLink, host.text(pageUnitPath)!);
    else if (call === "disable_unit") host.remove(pageUnitLink);
    else if (call === "set_pools") for (const word of args) this.set(String(word));
    else return ["update_boot_loader", "note_trait", "set_trait", "remove_trait"].includes(call);
    return true;
  }

  private set(word: string): void {
    const [node, sizeKib, count] = word.split(":").map(Number) as [number, number, number];
    const pool = this.facts.pools.find((each) => each.node === node && each.sizeKib === sizeKib);
    assert.ok(pool, word);
    assert.ok(pool.total - pool.free <= count, `${word} takes no page away`);
    pool.free += count - pool.total;
    pool.total = count;
  }
}
