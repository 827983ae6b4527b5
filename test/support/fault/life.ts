import { strict as assert } from "node:assert";
import { HostError } from "../../../provider/core/errors";
import type { CoreHost } from "./coreHost";
import { type Original, originalOf, unexplained } from "./explained";
import type { CutHost } from "./lab";
import { differences, leftovers, neither, type OutsideView, textOf, viewHost } from "./outside";

/** One change in the life of a host, small enough to be one apply. */
export interface Phase {
  name: string;
  /** What happens to the host by itself before. */
  before?: (host: CutHost) => Promise<void>;
  /** Here it only makes what others start from, and takes that back. */
  isCutElsewhere?: true;
  /** Services that do not run any more when it begins, and must when it ends. */
  down?: string[];
  change: (core: CoreHost) => Promise<void>;
  /** For a change that ends with an error on the host: its words. */
  refusal?: RegExp;
  /** A state that a file has only for the time of the change: which one, and what its text is made of. */
  between?: { file: string; text: (before: string) => string };
}

/** Changes that follow each other on one host and end where they began. */
export interface Life {
  name: string;
  mountPoint: string;
  phases: Phase[];
  /** In a full run also at each call that makes a draft of a file; that of one life tells of all. */
  cutsDrafts?: true;
  /** Makes the host as it was before the first of them, beyond what is ours to take back. */
  renew: (host: CutHost) => Promise<void>;
  /** Takes back what `renew` made, for the next life. */
  tidy?: (host: CutHost) => Promise<void>;
}

/** A place to cut: the call of this number, from 1, of a phase. */
export interface CutPoint {
  phase: string;
  call: number;
}

/** What happened at a cut point. */
export interface CutResult extends CutPoint {
  /** The call itself; undefined if the apply made fewer calls this time (it may have had to wait less). */
  cutCall: string | undefined;
  /** The same was done again after it. Not after one that left the host untouched, which was cut once more instead. */
  wentOn: boolean;
  problems: string[];
}

/** A life on one host, lived whole once to know what each change comes to, and then again with cuts. */
export class LivedLife {
  /** Mutating calls of each phase, in order. */
  readonly calls = new Map<string, string[]>();
  private readonly views: OutsideView[] = [];
  private original: Original = { lines: new Map(), hadFolder: false, hadMount: false };
  private readonly texts = new Map<OutsideView, Map<string, string>>();

  constructor(
    private readonly on: CutHost,
    private readonly life: Life,
  ) {}

  /** Lives it once without a cut. */
  async live(): Promise<void> {
    this.on.core.remembers = true;
    await this.renew();
    this.original = originalOf(this.on.host, this.life.mountPoint);
    this.views.push(viewHost(this.on.host));
    for (const phase of this.life.phases) {
      this.rememberTexts(this.views.at(-1)!, phase);
      await this.plainly(phase);
      this.views.push(viewHost(this.on.host));
    }
    assert.deepEqual(differences(this.views[0]!, this.views.at(-1)!), [], `${this.life.name} ends where it began`);
  }

  /**
   * Lives it with a cut in each phase that has calls waiting for one, which are taken from there, and goes on after each
   * as anybody would: by doing the same again. Where a cut left the host untouched, that may be cut as well.
   */
  async run(waiting: ReadonlyMap<string, number[]>): Promise<CutResult[]> {
    const results: CutResult[] = [];
    await this.renew();
    for (const [index, phase] of this.life.phases.entries()) {
      const calls = waiting.get(phase.name) ?? [];
      let call = calls.shift();
      const leadsOn = differences(this.views[index]!, this.views[index + 1]!).length > 0;
      if (call === undefined && leadsOn) await this.plainly(phase);
      if (call !== undefined) await this.begin(phase);
      while (call !== undefined) {
        const { result, isUntouched } = await this.cut(phase, index, call);
        results.push(result);
        call = isUntouched ? calls.shift() : undefined;
        if (call !== undefined) continue;
        result.wentOn = true;
        result.problems.push(...(await this.goOn(phase, index, result)));
      }
    }
    const last = results.at(-1);
    const end = this.views.at(-1);
    if (last && end)
      last.problems.push(...differences(end, viewHost(this.on.host)).map((line) => `in the end ${line}`));
    return results;
  }

  /** As it was before the first change, and nothing of it known. */
  async renew(): Promise<void> {
    await this.life.renew(this.on);
    await this.on.core.forget();
  }

  private async begin({ before }: Phase): Promise<void> {
    if (!before) return;
    await before(this.on);
    await this.on.core.forget();
  }

  private rememberTexts(view: OutsideView, { between }: Phase): void {
    const text = between && textOf(this.on.host, between.file);
    if (between && text !== undefined) this.texts.set(view, new Map([[between.file, text]]));
  }

  private async plainly(phase: Phase): Promise<void> {
    const { cutter, core } = this.on;
    await this.begin(phase);
    cutter.cutAt(0);
    const error = await failureOf(phase.change(core));
    if (!isExpected(phase, error)) throw error ?? new Error(`${phase.name} was not refused`);
    this.calls.set(phase.name, cutter.watched().calls);
  }

  private async cut(phase: Phase, index: number, call: number): Promise<{ result: CutResult; isUntouched: boolean }> {
    const { cutter, core, host } = this.on;
    cutter.cutAt(call);
    const error = await failureOf(phase.change(core));
    const { calls, wasCut } = cutter.watched();
    const result: CutResult = {
      phase: phase.name,
      call,
      cutCall: wasCut ? calls.at(-1) : undefined,
      wentOn: false,
      problems: [],
    };
    const problems = result.problems;
    const [before, after] = [this.views[index]!, this.views[index + 1]!];
    // By then it has said that all is done.
    const isDone = calls.some((each) => /\/(status\.new|reserve)$/.test(each));
    const ours = (line: string) => !line.startsWith("/var/lib/hostmem/") && !/\.hostmem-new: /.test(line);
    let isUntouched = false;
    if (wasCut) {
      const now = viewHost(host);
      isUntouched = [...differences(before, now), ...leftovers(host), ...calls.filter(isUnseen)].length === 0;
      if (phase.between) this.forgive(phase.between, before, now);
      problems.push(
        ...neither(before, after, now)
          .filter(ours)
          .map((line) => `half: ${line}`),
      );
      const unknown = await unexplained(host, this.original, this.life.mountPoint, phase.down);
      problems.push(...unknown.map((line) => `without a record: ${line}`));
      if (!isDone && error === undefined) problems.push("the apply that was cut is said to have ended well");
    } else if (!isExpected(phase, error)) {
      problems.push(`not cut, and failed: ${error?.message}`);
    }
    return { result, isUntouched };
  }

  /** Does the same again after a cut, to its end, and says what is wrong then. */
  private async goOn(phase: Phase, index: number, { cutCall }: CutResult): Promise<string[]> {
    const { cutter, core, host } = this.on;
    const problems: string[] = [];
    const after = this.views[index + 1]!;
    cutter.cutAt(0);
    const again = cutCall !== undefined ? await failureOf(phase.change(core)) : undefined;
    if (again && !isExpected(phase, again)) problems.push(`the next one fails: ${again.message}`);
    problems.push(...differences(after, viewHost(host)).map((line) => `afterwards ${line}`));
    if (phase.down) {
      const still = await unexplained(host, this.original, this.life.mountPoint);
      problems.push(...still.map((line) => `afterwards ${line}`));
    }
    problems.push(...leftovers(host).map((file) => `left behind ${file}`));
    return problems;
  }

  private forgive({ file, text }: NonNullable<Phase["between"]>, before: OutsideView, now: OutsideView): void {
    const former = this.texts.get(before)?.get(file);
    const state = before.files.get(file);
    if (former !== undefined && state && textOf(this.on.host, file) === text(former)) now.files.set(file, state);
  }
}

/** What a call does may not show in files and mounts: on a disk, or in a service. */
const isUnseen = (call: string) => /^(connect|ioctl|u?mount\w*) |\/dev\//.test(call);

async function failureOf(work: Promise<void>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
}

function isExpected(phase: Phase, error: Error | undefined): boolean {
  return phase.refusal ? phase.refusal.test(error?.message ?? "") : error === undefined;
}
