import { HostError } from "./errors";
import type { FileSystem } from "./facts/fileSystems";
import { factsScript, type HostFacts, parseFacts } from "./facts/hostFacts";
import type { Service } from "./facts/journal";
import { covers, mergeProbes, noProbes, type Probes } from "./facts/probes";
import { badAnswerAdvice } from "./facts/sections";
import type { PmemOffer } from "./migration/traits";
import { type ApplyOptions, applyError, runApply } from "./plan/apply";
import type { ApplyReport } from "./plan/applyLog";
import { basisOf } from "./plan/basis";
import type { Plan } from "./plan/step";
import type { Transport } from "./transport/types";

/** Facts that were heard longer ago are read again, however long an update takes. */
export const factsMaxAgeMs = 30_000;
/** How often a plan is made anew for a host that moved: each other pipeline that waits for the host moves it once. */
const attemptLimit = 10;

/**
 * For reading facts: hundreds of short processes, which a host with all its processors busy takes minutes for. What could
 * hang is bounded in the script itself.
 */
const readingMs = 240_000;

/** Facts as somebody read them: what the host printed, and when. */
export interface RawFacts {
  nonce: string;
  /** What was asked beside what every host is asked. */
  probes: Probes;
  output: string;
  /** When the reading began: what an apply changed meanwhile may be missing. */
  readAt: number;
  /** When it had ended. They age from here, or a busy host that takes long to read would be read over and over. */
  heardAt: number;
}

/** One try to read a host: what it printed, or why that failed. */
export type ReadResult = RawFacts | { failure: HostError; readAt: number; heardAt: number };

/** What a resource of this run will do to the host, for those that come after it in the same preview. */
export interface PlannedEffect {
  services: Service[];
  reasons: string[];
  /** File systems that will be mounted. */
  fileSystems: FileSystem[];
  /** `[libvirt] file_backed_memory` will be this, where that is decided. */
  fileBackedMemoryMb?: number;
  /** Whether not every page size will be allowed, where that is decided. */
  restrictsPageSizes?: boolean;
  /** Traits to be removed once nova-compute has been restarted, where that is decided. */
  goingTraits?: string[];
  /** Guests that run count as gone: whoever restarts must have moved them to other hosts before. */
  countsOnMigration?: true;
  /** Sizes in KiB of which Nova will have pages for guests that ask for a size, where that is decided. */
  pageSizes?: number[];
  /** Namespaces of persistent memory that will be offered to guests, where that is decided. */
  pmem?: PmemOffer[];
}

/**
 * One host in one process: reads facts once for all resources of the host, applies one plan at a time, and forgets
 * the facts with every apply.
 */
export class HostSession {
  private cached: { facts: HostFacts; probes: Probes; readAt: number; heardAt: number } | undefined;
  private probes = noProbes;
  private reading: Promise<HostFacts> | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  /** Facts from before this moment are from before an apply of ours. */
  private notBefore = 0;
  /** By resource, see PlannedEffect. */
  readonly planned = new Map<string, PlannedEffect>();
  /** True once this process has changed the host. */
  hasApplied = false;

  /**
   * @param readAhead asks whoever reads all hosts at once for this host's facts; undefined if it knows nothing of it.
   * @param noteChange tells it that something was changed on this host.
   */
  constructor(
    private readonly transport: Transport,
    private readonly readAhead: () => Promise<ReadResult | undefined>,
    private readonly noteChange: () => Promise<void> = async () => {},
  ) {}

  get host(): string {
    return this.transport.host;
  }

  /** The host's facts, heard at most {@link factsMaxAgeMs} ago and never from before an apply. */
  async facts(): Promise<HostFacts> {
    if (this.cached && this.isCurrent(this.cached)) return this.cached.facts;
    this.reading ??= this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<HostFacts> {
    const ahead = await this.readAhead();
    if (ahead && this.isCurrent(ahead)) {
      if ("failure" in ahead) throw ahead.failure;
      return this.remember(ahead);
    }
    return this.remember(await readFacts(this.transport, this.probes));
  }

  /** From now on facts answer these, too; what is cached may not. */
  probe(probes: Probes): void {
    this.probes = mergeProbes(this.probes, probes);
  }

  private isCurrent(read: { readAt: number; heardAt: number; probes?: Probes }): boolean {
    const isYoung = read.readAt >= this.notBefore && Date.now() - read.heardAt <= factsMaxAgeMs;
    return isYoung && (read.probes === undefined || covers(read.probes, this.probes));
  }

  private remember(raw: RawFacts): HostFacts {
    const facts = parseFacts(this.host, raw.nonce, raw.output, raw.probes);
    const { probes, readAt, heardAt } = raw;
    this.cached = { facts, probes, readAt, heardAt };
    return facts;
  }

  /**
   * Makes a plan from fresh facts and runs it. If the host moves between facts and lock, the plan is made again.
   *
   * @param makePlan may throw, for a host that no longer allows what was asked, or a plan that differs from the one shown.
   * @returns the facts that the final plan was made from, and the report of its run (undefined for an empty plan).
   */
  apply(
    makePlan: (facts: HostFacts) => Plan,
    options: Omit<ApplyOptions, "tail">,
  ): Promise<{ facts: HostFacts; report: ApplyReport | undefined }> {
    const run = async () => {
      for (let attempt = 1; ; attempt++) {
        const facts = await this.facts();
        const plan = makePlan(facts);
        if (plan.steps.length === 0) return { facts, report: undefined };
        const report = await this.run(plan, { ...options, basis: basisOf(facts) });
        if (report.status === "applied") {
          await this.noteChange();
          return { facts, report };
        }
        if (report.status !== "moved" || attempt === attemptLimit) throw applyError(this.host, report);
      }
    };
    const result = this.queue.then(run, run);
    this.queue = result.catch(() => {});
    return result;
  }

  /** Facts come back with the end of the apply, so that the next resource of this host costs no round trip. */
  private async run(plan: Plan, options: Omit<ApplyOptions, "tail">): Promise<ApplyReport> {
    const after = factsScript(this.probes);
    const probes = this.probes;
    this.hasApplied = true;
    this.forget();
    let tail: RawFacts | undefined;
    try {
      const report = await runApply(this.transport, plan, {
        ...options,
        tail: {
          script: after.script,
          onOutput: (output) => {
            tail = { nonce: after.nonce, probes, output, readAt: Date.now(), heardAt: Date.now() };
          },
        },
      });
      return report;
    } finally {
      this.forget();
      if (tail) this.rememberAfter({ ...tail, readAt: this.notBefore });
    }
  }

  /** What became of an apply counts more than an answer that cannot be read, which whoever asks next gets again. */
  private rememberAfter(raw: RawFacts): void {
    try {
      this.remember(raw);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }

  /** Facts and failures from before this moment, whoever read them, are not used again. */
  forget(): void {
    this.cached = undefined;
    this.notBefore = Date.now();
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/** Reads a host's facts in one round trip. */
export async function readFacts(transport: Transport, probes: Probes): Promise<RawFacts> {
  const script = factsScript(probes);
  const readAt = Date.now();
  const result = await transport.run(script.script, { timeoutMs: readingMs });
  if (result.exitCode !== 0) {
    const said = result.stderr.trim().split("\n").at(-1);
    throw new HostError(
      "unexpected",
      transport.host,
      `the facts script ended with code ${result.exitCode}${said ? `: ${said}` : ""}`,
      {
        exitCode: result.exitCode,
        output: result.stderr,
        advice: badAnswerAdvice,
      },
    );
  }
  return { nonce: script.nonce, probes, output: result.stdout.toString("latin1"), readAt, heardAt: Date.now() };
}
