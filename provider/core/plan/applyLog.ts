import { withoutSecrets } from "../confidential";

const statuses = ["applied", "moved", "busy", "failed", "rolled-back", "unhealthy", "overdue"] as const;

/** What an apply on the host reported, event by event. */
export interface ApplyReport {
  status: (typeof statuses)[number] | undefined;
  /** Changes may have been made. */
  begun: boolean;
  hostId: string | undefined;
  /** What it was about to do, for an apply that was cut or ended. */
  doing: string | undefined;
  /** The file that somebody changed meanwhile, for `moved`. */
  moved: string | undefined;
  /** Who holds the lock, for `busy`. */
  holder: string | undefined;
  /** Why it failed or was unhealthy. */
  reason: string | undefined;
  /** The services' own error lines, newest last. */
  log: string;
  /** Files that could not be put back, because somebody else changed them during the apply. */
  kept: string[];
}

/** True if something of ours may be on the host after an apply, so that its resource must not be forgotten. */
export function leavesTraces(report: ApplyReport): boolean {
  return report.begun && (report.status !== "rolled-back" || report.kept.length > 0);
}

/** Splits an apply's log into events as it arrives; pieces may end anywhere. */
export class ApplyLogReader {
  readonly report: ApplyReport = {
    status: undefined,
    begun: false,
    hostId: undefined,
    doing: undefined,
    moved: undefined,
    holder: undefined,
    reason: undefined,
    log: "",
    kept: [],
  };
  /** The beginning of a line whose end has not come yet. */
  private rest: string[] = [];

  constructor(
    private readonly nonce: string,
    private readonly progress: (message: string) => void,
  ) {}

  push(piece: string): void {
    const [first = "", ...others] = piece.split("\n");
    this.rest.push(first);
    const last = others.pop();
    if (last === undefined) return;
    const lines = [this.rest.join(""), ...others];
    this.rest = [last];
    for (const line of lines) if (line.startsWith(`${this.nonce} `)) this.event(line.slice(this.nonce.length + 1));
  }

  private event(text: string): void {
    const name = text.split(" ", 1)[0]!;
    const detail = text.slice(name.length + 1);
    const report = this.report;
    switch (name) {
      case "waiting":
        this.progress(`waits for the lock held by ${detail || "somebody"}`);
        break;
      case "busy":
        report.holder = detail;
        break;
      case "moved":
        report.moved = detail;
        break;
      case "begun":
        report.begun = true;
        break;
      case "host-id":
        report.hostId = detail;
        break;
      case "doing":
        report.doing = detail;
        break;
      case "edited":
        this.progress(`wrote ${detail}`);
        break;
      case "did":
        this.progress(detail);
        break;
      case "restarting":
        this.progress(`restarts ${detail}`);
        break;
      case "slow":
        this.progress(`${detail} takes its time to start; waits`);
        break;
      case "healthy":
        this.progress("services run with the new settings");
        break;
      case "unhealthy":
        this.progress(`${detail}${report.reason === undefined ? "; takes the change back" : ""}`);
        report.reason ??= detail;
        break;
      case "back":
        this.progress("services run as before");
        break;
      case "changed":
      case "failed":
        report.reason ??= name === "changed" ? `${detail} was changed by somebody else during the apply` : detail;
        break;
      case "kept":
        report.kept.push(detail);
        break;
      case "aside":
        this.progress(`keeps what somebody wrote while an apply was cut, and others have written since: ${detail}`);
        break;
      case "log":
        report.log ||= Buffer.from(detail, "base64").toString("utf8");
        break;
      case "finished":
        report.status = statuses.find((status) => status === detail);
        break;
    }
  }
}

/** Longer sentences are none that anybody reads. */
const longestSentence = 600;

const errorName = /Error|Exception|Invalid|NotFound|Failed|Unsupported/;

/**
 * The one sentence in Nova's log that says what is wrong. oslo logs an exception as `Name: message`, at the end of a
 * traceback or on the line that reports it; the first one is the cause, later ones follow from it.
 */
export function novaSentence(log: string): string | undefined {
  const lines = log.split("\n").map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \d+ /, ""));
  for (const line of lines) {
    // A name is looked for before what it may be: both at once takes a time that grows with the square of a long word.
    for (const { 1: name, index } of line.matchAll(/(?<![^\s.])([A-Za-z]+): ./g)) {
      if (errorName.test(name!)) return shown(line.slice(index));
    }
  }
  const first = lines.find((line) => /(ERROR|CRITICAL)/.test(line));
  return first && shown(first.replace(/^(ERROR|CRITICAL) \S+ (\[[^\]]*\] )?/, ""));
}

/** Cut last: the beginning of what would have been left out is not to be taken for something else. */
function shown(sentence: string): string {
  return withoutSecrets(sentence.slice(0, 16 * longestSentence)).slice(0, longestSentence);
}
