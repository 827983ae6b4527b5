import type { Service } from "../facts/journal";
import type { Splice } from "../files/edit";
import { readableLine } from "../readable";

/** One change of a host, as a value: it can be shown, compiled to shell, and most can be turned round. */
export type Step = EditFileStep | WriteRecordStep | WriteFileStep | CallStep | ActivateStep;

/** Replaces a configuration file by itself with a few lines changed. */
export interface EditFileStep {
  kind: "edit-file";
  /** With symbolic links resolved, as the host has it: one character a byte. */
  path: string;
  /** Content hash that must be found; anything else means that somebody wrote since the plan was made. */
  before: string;
  /** Content hash that the edit results in. */
  after: string;
  splices: Splice[];
  /** What it does, one line an option. */
  lines: string[];
  /** The options that it changes, as `section/option`; without a section the option alone. */
  options: string[];
}

/** Writes or removes one of our own files below /var/lib/hostmem. Bookkeeping: never shown. */
export interface WriteRecordStep {
  kind: "write-record";
  path: string;
  /** Hash that must be found, undefined for a file that must not exist. */
  before: string | undefined;
  /** New content, undefined to remove the file. */
  content: string | undefined;
}

/** Writes or removes a whole file that is ours, in a place where others look. */
export interface WriteFileStep {
  kind: "write-file";
  path: string;
  /** Hash that must be found, undefined for a file that must not exist. */
  before: string | undefined;
  /** New content, undefined to remove the file. */
  content: string | undefined;
  line: string;
}

/** Calls a function of the host's library. It checks for itself, under the lock, that it may still do what it does. */
export interface CallStep {
  kind: "call";
  call: string;
  args: (string | number)[];
  /** Called before the first change of the apply; where it fails, `of` has changed since the plan was made. */
  proof?: { call: string; args: string[]; of: string };
  /** Written where it fails, and not where it is cut. */
  onFailure?: WriteRecordStep[];
  /** Undefined for a call that is not worth showing. */
  line: string | undefined;
  /** What a call without a line does, for the message of its failure: "make the mount point /srv/guests". */
  what?: string;
}

/** Restarts what must be restarted, and either proves that Nova is up or goes back. */
export interface ActivateStep {
  kind: "activate";
  /** In the order of the restarts: libvirt first, or nova-compute starts against a daemon that is going away. */
  restarts: { service: Service; unit: string }[];
  reasons: string[];
  health: HealthCheck;
  /** The way back, prepared in advance: when it is needed there may be no link to ask over. */
  rollback: Exclude<Step, ActivateStep>[];
  /** What may be forgotten once the services run healthily after going back. */
  afterRollback: WriteRecordStep[];
  /** MEMORY_MB that Nova must report after going back, like `health.expectedMemoryMb`. */
  rollbackMemoryMb: number | undefined;
}

export interface HealthCheck {
  novaUnit: string;
  /** Undefined where nova-compute logs to the journal. */
  logFile: string | undefined;
  /** Memory that Nova must report where it logs that (Rocky, or with debug on); undefined for any. */
  expectedMemoryMb: number | undefined;
  timeoutSeconds: number;
  /** What nova-compute must have logged since the restart. */
  evidence: StartEvidence;
}

export interface StartEvidence {
  /** Extended regular expression over log lines of the new process; empty where the configuration hides such lines. */
  pattern: string;
  /** How long that process must go on after it. */
  stableSeconds: number;
}

export interface Plan {
  steps: Step[];
  /** Things worth saying beside the steps; shown when there is a step, so that a host in order stays quiet. */
  warnings: string[];
}

/** The plan as a user reads it, and as a saved plan remembers it: the same words for the same steps. */
export function planLines(plan: Plan): string[] {
  return plan.steps.flatMap(describe).map(readableLine);
}

function describe(step: Step): string[] {
  switch (step.kind) {
    case "edit-file":
      return step.lines;
    case "write-record":
      return [];
    case "write-file":
      return [step.line];
    case "call":
      return step.line === undefined ? [] : [step.line];
    case "activate":
      return [`restart ${step.restarts.map((restart) => restart.unit.replace(/\.service$/, "")).join(", then ")}`];
  }
}
