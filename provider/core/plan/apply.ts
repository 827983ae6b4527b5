import { randomBytes } from "node:crypto";
import { HostError } from "../errors";
import { launchScript } from "../host/library";
import type { RunResult, Transport } from "../transport/types";
import { ApplyLogReader, type ApplyReport, novaSentence } from "./applyLog";
import type { Basis } from "./basis";
import { compile } from "./compile";
import type { Plan } from "./step";

export interface ApplyOptions {
  holder: string;
  lockTimeoutSeconds: number;
  /** Services may be restarted while libvirt is at work on guests. */
  allowJobs?: boolean;
  progress: (message: string) => void;
  basis?: Basis;
  /** Shell text run after the apply in the same round trip, its output given to `onTail`. */
  tail?: { script: string; onOutput: (output: string) => void };
}

/** How long a lost link is tried again before the apply is given up on; the apply itself goes on without us. */
const reconnects = 6;
const reconnectPauseMs = 5_000;

/** Right after an up and after a destroy. */
const runAgain = "Run the same command again: it finishes or takes back what was begun.";

/** Runs a plan on the host and follows it to its end, over a lost link if need be. */
export async function runApply(transport: Transport, plan: Plan, options: ApplyOptions): Promise<ApplyReport> {
  const id = randomBytes(8).toString("hex");
  const nonce = randomBytes(16).toString("hex");
  const { progress, tail: _tail, ...compiled } = options;
  const script = compile(plan, { ...compiled, id, nonce });
  const seconds = boundSeconds(plan, options.lockTimeoutSeconds);
  // The host itself ends it in time, and says so; afterwards it is read once more.
  const timeoutMs = (seconds + 600) * 1000;
  for (let attempt = 0; ; attempt++) {
    // A resumed follower prints the log from its start, so each attempt reads it afresh.
    const reader = new ApplyLogReader(nonce, attempt === 0 ? progress : () => {});
    try {
      const tail = options.tail ? `\nprintf '\\n%s tail\\n' ${nonce}\n${options.tail.script}` : "";
      const result = await transport.run(launchScript({ id, nonce }, script, seconds) + tail, {
        timeoutMs,
        onOutput: (chunk) => reader.push(chunk.toString("latin1")),
      });
      if (reader.report.status === undefined) {
        throw new ApplyFailure(reader.report, launchFailed(transport.host, result, reader.report));
      }
      if (options.tail) {
        const output = result.stdout.toString("latin1");
        const marker = `\n${nonce} tail\n`;
        options.tail.onOutput(output.slice(output.indexOf(marker) + marker.length));
      }
      return reader.report;
    } catch (error) {
      if (!(error instanceof HostError) || error instanceof ApplyFailure) throw error;
      const begun = { ...reader.report, begun: true };
      // Whatever keeps us from coming back, a sudo that asks again, say: the host goes on with what was started.
      const isStarted = attempt > 0 || reader.report.begun;
      if (error.kind === "timeout" || (error.kind !== "unreachable" && isStarted)) throw new ApplyFailure(begun, error);
      if (error.kind !== "unreachable") throw error;
      if (attempt >= reconnects) throw new ApplyFailure(begun, error);
      options.progress(`lost the link; the host goes on by itself, connects again (${attempt + 1} of ${reconnects})`);
      await new Promise((resolve) => setTimeout(resolve, reconnectPauseMs));
    }
  }
}

/** For all that is no restart: the longest of it, to make a file system, takes minutes where a disk of many TB is slow. */
const workSeconds = 3600;

/**
 * After this time the host ends an apply: something hangs, and must not keep the host's lock for ever. Only restarts have
 * bounds of their own, each of them twice: with the change, and after going back.
 */
export function boundSeconds(plan: Plan, lockTimeoutSeconds: number): number {
  const restarts = plan.steps.map((step) => (step.kind === "activate" ? 2 * (step.health.timeoutSeconds + 900) : 0));
  return restarts.reduce((sum, each) => sum + each, lockTimeoutSeconds + workSeconds);
}

function launchFailed(host: string, { exitCode, stderr }: RunResult, { doing }: ApplyReport): HostError {
  const problem =
    exitCode === 71
      ? "cannot write to /var/lib/hostmem; nothing was changed"
      : exitCode === 72
        ? "systemd-run could not start the apply; nothing was changed"
        : `the apply was cut on the host before its end${doing ? `, at: ${doing}` : ""}`;
  return new HostError("failed", host, problem, {
    exitCode,
    output: stderr,
    advice: stderr.trim().split("\n").at(-1) || runAgain,
  });
}

/** An apply that did not end as wanted; the report tells what is on the host now. */
export class ApplyFailure extends HostError {
  constructor(
    readonly report: ApplyReport,
    error: HostError,
  ) {
    super(error.kind, error.host, error.problem, { ...(error.advice ? { advice: error.advice } : {}), cause: error });
  }
}

/** Turns a report that is not `applied` into the error a user should read. */
export function applyError(host: string, report: ApplyReport): ApplyFailure {
  return new ApplyFailure(report, describeFailure(host, report));
}

function describeFailure(host: string, report: ApplyReport): HostError {
  const sentence = novaSentence(report.log);
  switch (report.status) {
    case "busy":
      return new HostError("busy", host, `another apply holds this host: ${report.holder || "unknown holder"}`, {
        advice: "Wait for it to end, or raise lockTimeoutSeconds. Nothing was changed.",
      });
    case "moved":
      return new HostError("moved", host, `${report.moved} changed while the plan was made`, {
        advice: "Preview again. Nothing was changed.",
      });
    case "overdue":
      return new HostError(
        "failed",
        host,
        `the apply did not end in its time, and the host ended it, at: ${report.doing ?? "looking whether it may begin"}`,
        {
          advice: report.begun
            ? `Find out on the host what hangs there. ${runAgain}`
            : "Find out on the host what hangs there. Nothing was changed.",
        },
      );
    case "rolled-back":
    case "unhealthy": {
      const isPartial = report.kept.length > 0;
      const back = isPartial ? "the change was taken back in part" : "the change was taken back";
      const running = isPartial ? ", and the services run" : " and the services run as before";
      const now = report.status === "unhealthy" ? ", but the service is still not healthy" : running;
      const advice = [
        sentence && `Nova says: ${sentence}`,
        isPartial && `Changed by others meanwhile, and left: ${report.kept.join(", ")}`,
      ];
      const text = advice.filter(Boolean).join("\n  ");
      return new HostError("failed", host, `${report.reason}; ${back}${now}`, text ? { advice: text } : {});
    }
    default:
      return new HostError("failed", host, report.reason ?? "the apply did not finish", {
        advice: runAgain,
      });
  }
}
