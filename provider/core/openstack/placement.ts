import type { Answer } from "./answer";
import { type OpenStackClient, pathTo } from "./client";
import { CloudError } from "./errors";

/** Codes of errors (1.23) beside traits (1.6) and a search by them (1.18): all in Rocky, which has 1.30. */
const microversion = "1.23";

/** What a provider offers of one resource class. */
export interface Inventory {
  total: number;
  reserved: number;
  minUnit: number;
  maxUnit: number;
  stepSize: number;
  allocationRatio: number;
}

/** A compute node as placement knows it. */
export interface Provider {
  id: string;
  /** Undefined if it offers no memory, such as one whose nova-compute never came up. */
  memory: Inventory | undefined;
  /** MiB of MEMORY_MB that guests, also stopped ones and those on their way, hold. */
  allocatedMb: number;
  traits: string[];
}

const memoryClass = "MEMORY_MB";

/** Undefined if placement does not know it. */
export async function provider(client: OpenStackClient, id: string): Promise<Provider | undefined> {
  try {
    const [memory, allocatedMb, { traits }] = await Promise.all([
      inventory(client, id),
      allocated(client, id),
      traitsOf(client, id),
    ]);
    return { id, memory: memory.inventory, allocatedMb, traits };
  } catch (error) {
    if (error instanceof CloudError && error.kind === "missing") return undefined;
    throw error;
  }
}

/** Ids of all providers that have a trait; none have one that is newer than this placement. */
export async function providersWith(client: OpenStackClient, trait: string): Promise<Set<string>> {
  try {
    return await client.ask(get("/resource_providers", { required: trait }), (answer) => {
      const found = answer.get("resource_providers").list();
      return new Set(found.map((each) => each.get("uuid").text()));
    });
  } catch (error) {
    if (error instanceof CloudError && error.kind === "invalid") return new Set();
    throw error;
  }
}

/** Sets the ratio of a provider's memory and leaves all else as Nova reports it. */
export async function setMemoryRatio(client: OpenStackClient, id: string, ratio: number): Promise<void> {
  await unlessChanged(client, async () => {
    const { inventory: memory, generation } = await inventory(client, id);
    if (!memory || memory.allocationRatio === ratio) return;
    const body = {
      resource_provider_generation: generation,
      total: memory.total,
      reserved: memory.reserved,
      min_unit: memory.minUnit,
      max_unit: memory.maxUnit,
      step_size: memory.stepSize,
      allocation_ratio: ratio,
    };
    await put(client, `/resource_providers${pathTo(id, "inventories", memoryClass)}`, body);
  });
}

/** Takes traits off a provider and leaves all others. */
export async function removeTraits(client: OpenStackClient, id: string, unwanted: readonly string[]): Promise<void> {
  await unlessChanged(client, async () => {
    const { traits, generation } = await traitsOf(client, id);
    const left = traits.filter((trait) => !unwanted.includes(trait));
    if (left.length === traits.length) return;
    const body = { resource_provider_generation: generation, traits: left };
    await put(client, `/resource_providers${pathTo(id, "traits")}`, body);
  });
}

/** How often a change is tried again that somebody else was faster than: nova-compute reports once a minute. */
const attempts = 5;

async function unlessChanged(client: OpenStackClient, change: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (attempt === attempts || !isOvertaken(error)) throw error;
      await client.wait(200 * attempt);
    }
  }
}

function isOvertaken(error: unknown): boolean {
  return error instanceof CloudError && error.code === "placement.concurrent_update";
}

async function inventory(
  client: OpenStackClient,
  id: string,
): Promise<{ inventory: Inventory | undefined; generation: number }> {
  return client.ask(get(`/resource_providers${pathTo(id, "inventories")}`), (answer) => {
    const memory = answer.get("inventories").optional(memoryClass);
    return {
      generation: answer.get("resource_provider_generation").number(),
      inventory: memory && {
        total: memory.get("total").number(),
        reserved: memory.get("reserved").number(),
        minUnit: memory.get("min_unit").number(),
        maxUnit: memory.get("max_unit").number(),
        stepSize: memory.get("step_size").number(),
        allocationRatio: memory.get("allocation_ratio").number(),
      },
    };
  });
}

async function allocated(client: OpenStackClient, id: string): Promise<number> {
  return client.ask(
    get(`/resource_providers${pathTo(id, "usages")}`),
    (answer: Answer) => answer.get("usages").optional(memoryClass)?.number() ?? 0,
  );
}

async function traitsOf(client: OpenStackClient, id: string): Promise<{ traits: string[]; generation: number }> {
  return client.ask(get(`/resource_providers${pathTo(id, "traits")}`), (answer) => ({
    generation: answer.get("resource_provider_generation").number(),
    traits: answer
      .get("traits")
      .list()
      .map((each) => each.text()),
  }));
}

function get(path: string, query: Readonly<Record<string, string>> = {}) {
  return { service: "placement", method: "GET", path, query, microversion } as const;
}

async function put(client: OpenStackClient, path: string, body: object): Promise<void> {
  await client.ask({ service: "placement", method: "PUT", path, body, microversion }, () => undefined);
}
