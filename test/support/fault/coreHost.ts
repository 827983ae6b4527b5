import { HostError } from "../../../provider/core/errors";
import { readAccess, readCommon } from "../../../provider/core/inputs/common";
import { Inputs } from "../../../provider/core/inputs/problem";
import { kinds } from "../../../provider/core/kinds";
import type { CommonArgs, Kind } from "../../../provider/core/kinds/kind";
import { type Plan, planLines } from "../../../provider/core/plan/step";
import { HostSession } from "../../../provider/core/session";
import { openTransport } from "../../../provider/core/transport";
import type { LabHost } from "../lab/labHost";

/** Everything that a stack declares of one host: arguments by kind, in the order of the resources. */
export type DeclaredHost = Record<string, Record<string, unknown>>;

/**
 * The core as Pulumi's provider drives it, on a real host over the real transport, without the CLI around it, which costs
 * seconds for each command. Every call is a process of its own as far as the core can tell: nothing is remembered, unless
 * it is asked to.
 */
export class CoreHost {
  /** Plan lines and progress of the last call. */
  said: string[] = [];
  /**
   * Goes on with the facts that came back with the last apply, as Pulumi's process does from one resource of a host to the
   * next. Whatever fails ends that.
   */
  remembers = false;
  private kept: HostSession | undefined;

  constructor(
    readonly host: LabHost,
    private readonly access: Record<string, unknown> = {},
  ) {}

  /** `pulumi up`: each resource in its turn, and each must be as declared afterwards. */
  async up(declared: DeclaredHost, options: Transforms = {}): Promise<void> {
    this.said = [];
    for (const [kindName, given] of Object.entries(declared)) {
      await this.within(kindName, given, async ({ kind, args, session }) => {
        await session.apply((facts) => {
          const { plan, problems } = kind.evaluate(args, facts, { recorded: undefined, planned: [] });
          if (problems.length > 0) throw refused(this.host, problems);
          this.said.push(...planLines(plan));
          return options.change ? options.change(plan) : plan;
        }, this.applyOptions(args));
        const left = await this.planOf(session, kind, args);
        if (left.length > 0 && !options.change) throw new Error(`still to do after an apply: ${left.join("; ")}`);
      });
    }
  }

  /** What `pulumi preview` would show. */
  async preview(declared: DeclaredHost): Promise<string[]> {
    const lines: string[] = [];
    for (const [kindName, given] of Object.entries(declared)) {
      await this.within(kindName, given, async ({ kind, args, session }) => {
        lines.push(...(await this.planOf(session, kind, args)));
      });
    }
    return lines;
  }

  /** `pulumi destroy`: in the opposite order. */
  async destroy(declared: DeclaredHost, options: Transforms = {}): Promise<void> {
    this.said = [];
    for (const [kindName, given] of Object.entries(declared).reverse()) {
      await this.within(kindName, given, async ({ kind, args, session }) => {
        await session.apply((facts) => {
          const { plan, problems } = kind.undo(args, facts);
          if (problems.length > 0) throw refused(this.host, problems);
          this.said.push(...planLines(plan));
          return options.change ? options.change(plan) : plan;
        }, this.applyOptions(args));
      });
    }
  }

  /** Somebody else has changed the host: what is remembered of it holds no more. */
  async forget(): Promise<void> {
    await this.kept?.close();
    this.kept = undefined;
  }

  private async within(
    kindName: string,
    given: Record<string, unknown>,
    work: (opened: { kind: Kind<CommonArgs>; args: CommonArgs; session: HostSession }) => Promise<void>,
  ): Promise<void> {
    try {
      await work(this.open(kindName, given));
    } catch (error) {
      await this.forget();
      throw error;
    }
    if (!this.remembers) await this.forget();
  }

  private async planOf(session: HostSession, kind: Kind<CommonArgs>, args: CommonArgs): Promise<string[]> {
    const { plan, problems } = kind.evaluate(args, await session.facts(), { recorded: undefined, planned: [] });
    if (problems.length > 0) throw refused(this.host, problems);
    return planLines(plan);
  }

  private open(kindName: string, given: Record<string, unknown>) {
    const kind = kinds.get(kindName)!;
    const { host, user, privateKey, hostKey } = this.host.connection;
    const connection = { host, user, privateKey, hostKey, ...this.access };
    const problems: Inputs["problems"] = [];
    // The UUID of a store is made of its owner, and a kernel, which lab hosts share, mounts no two xfs of one UUID.
    const inputs = new Inputs({ owner: `project/stack/${this.host.name}`, ...given, connection }, "", problems);
    const access = readAccess(inputs);
    const args = kind.check(inputs, readCommon(inputs));
    if (!access || problems.length > 0) throw refused(this.host, problems);
    this.kept ??= new HostSession(openTransport(access.connection, access.become), async () => undefined);
    const session = this.kept;
    if (kind.probes) session.probe(kind.probes(args));
    return { kind, args, session };
  }

  private applyOptions(args: CommonArgs) {
    return {
      holder: `${args.owner}, pid ${process.pid}`,
      lockTimeoutSeconds: 30,
      progress: (message: string) => {
        this.said.push(message);
      },
    };
  }
}

export interface Transforms {
  /** Changes a plan before it is applied, for proving that a test would notice. */
  change?: (plan: Plan) => Plan;
}

function refused(host: LabHost, problems: readonly { path: string; message: string }[]): HostError {
  return new HostError("refused", host.name, problems.map(({ path, message }) => `${path} ${message}`).join("; "));
}
