import type { OpenStackClient } from "./client";
import { drain, type Say, undrain } from "./drain";
import { CloudError } from "./errors";
import {
  type Aggregate,
  aggregates,
  apiMaximum,
  type ComputeService,
  computeServices,
  type Hypervisor,
  hypervisors,
  type Server,
} from "./nova";
import { type Provider, provider, providersWith, removeTraits, setMemoryRatio } from "./placement";
import type { DrainOptions } from "./rules/drain";
import type { CloudFacts } from "./rules/facts";
import type { Restoration } from "./rules/restore";
import { type ExpectedMemory, unmet } from "./rules/verify";

/** What is read once for all hosts of a cloud is as old as facts of hosts may be. */
const maxAgeMs = 30_000;

/** How often placement is asked whether nova-compute has reported. */
const pollMs = 2_000;

/** libvirt's driver has had it since traits of capabilities exist (19.0.0). */
const traitOfStein = "COMPUTE_NET_ATTACH_INTERFACE";

/** What a cloud says of all its hosts at once. */
interface CloudLists {
  apiMaximum: number;
  services: ComputeService[];
  hypervisors: Hypervisor[];
  aggregates: Aggregate[];
  /** Ids of providers. */
  withTrait: Set<string>;
}

/** One cloud in one process: reads what concerns all hosts once for all of them. */
export class CloudSession {
  private lists: { read: Promise<CloudLists>; at: number } | undefined;

  constructor(
    private readonly client: OpenStackClient,
    private readonly now: () => number = Date.now,
  ) {}

  get cloud(): string {
    return this.client.cloud;
  }

  /** @param host Nova's name of it. */
  async facts(host: string): Promise<CloudFacts> {
    const lists = await this.current();
    const id = lists.hypervisors.find((each) => each.host === host)?.id;
    return {
      cloud: this.cloud,
      host,
      service: lists.services.find((each) => each.host === host),
      provider: id === undefined ? undefined : await provider(this.client, id),
      aggregates: lists.aggregates.filter((each) => each.hosts.includes(host)),
      apiMaximum: lists.apiMaximum,
      computes: lists.services.map((service) => ({
        host: service.host,
        hasTraitOfStein: lists.hypervisors.some((each) => each.host === service.host && lists.withTrait.has(each.id)),
      })),
    };
  }

  /**
   * Waits until placement says what nova-compute must have told it.
   *
   * @throws CloudError of kind late, with what it says instead.
   */
  async expect(host: string, expected: ExpectedMemory, timeoutMs: number): Promise<void> {
    const startedAt = this.now();
    for (;;) {
      const missing = unmet(expected, await this.provider(host));
      if (missing.length === 0) return;
      if (this.now() - startedAt >= timeoutMs) {
        const advice = "look into the log of nova-compute for errors of its resource tracker";
        throw new CloudError("late", this.cloud, `${host}: ${missing.join("; ")}`, advice);
      }
      await this.client.wait(pollMs);
    }
  }

  async restore(host: string, { memoryRatio, traits }: Restoration): Promise<void> {
    const id = (await this.current()).hypervisors.find((each) => each.host === host)?.id;
    if (id === undefined) return;
    if (memoryRatio !== undefined) await setMemoryRatio(this.client, id, memoryRatio);
    if (traits.length > 0) await removeTraits(this.client, id, traits);
  }

  /** @see drain */
  async drain(host: string, options: DrainOptions, say: Say): Promise<Server[]> {
    try {
      return await drain(this.client, host, options, say, this.now);
    } finally {
      this.forget();
    }
  }

  /** @see undrain */
  async undrain(host: string, reason: string, timeoutMs: number, say: Say): Promise<void> {
    try {
      await undrain(this.client, host, reason, timeoutMs, say, this.now);
    } finally {
      this.forget();
    }
  }

  /** What was read before is not used again. */
  forget(): void {
    this.lists = undefined;
  }

  close(): void {
    this.client.close();
  }

  /** The host as placement has it at this moment; undefined if it does not know it. */
  async provider(host: string): Promise<Provider | undefined> {
    const { hypervisors: known } = await this.current();
    const id = known.find((each) => each.host === host)?.id;
    // One that has just come up for the first time is not among those that were read.
    if (id === undefined) this.forget();
    return id === undefined ? undefined : provider(this.client, id);
  }

  private current(): Promise<CloudLists> {
    if (this.lists && this.now() - this.lists.at <= maxAgeMs) return this.lists.read;
    const read = this.read();
    this.lists = { read, at: this.now() };
    read.catch(() => this.forget());
    return read;
  }

  private async read(): Promise<CloudLists> {
    const { client } = this;
    const [maximum, services, known, groups, withTrait] = await Promise.all([
      apiMaximum(client),
      computeServices(client),
      hypervisors(client),
      aggregates(client),
      providersWith(client, traitOfStein),
    ]);
    return { apiMaximum: maximum, services, hypervisors: known, aggregates: groups, withTrait };
  }
}
