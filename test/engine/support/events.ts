import { existsSync, readFileSync } from "node:fs";

/** What the engine did with one resource. */
export interface ResourceStep {
  urn: string;
  type: string;
  /** The resource's name, the last part of its URN. */
  name: string;
  /** The engine's word: create, update, delete, replace, same, refresh, read, … */
  operation: string;
  /** The checked inputs in the state, and those of the program; a dynamic provider names no changed properties itself. */
  oldInputs: Record<string, unknown>;
  newInputs: Record<string, unknown>;
}

export interface Diagnostic {
  severity: string;
  /** As shown to the user, without colours. */
  message: string;
  urn: string | undefined;
}

/** The engine's own account of an operation, which says more than the text on the screen and says it in the same way always. */
export interface EngineEvents {
  /** How many resources per kind of change, those of the stack and provider included; what refresh finds counts here too. */
  changes: Record<string, number>;
  /** Every resource the engine looked at, also the unchanged ones. */
  steps: ResourceStep[];
  /** Everything said to the user; the SDK's own debug messages are in the log, too, but on no screen. */
  diagnostics: Diagnostic[];
}

interface RawEvent {
  summaryEvent?: { resourceChanges?: Record<string, number> };
  resourcePreEvent?: { metadata: RawMetadata };
  diagnosticEvent?: { severity: string; message: string; urn?: string };
}

interface RawMetadata {
  op: string;
  urn: string;
  type: string;
  old?: { inputs?: Record<string, unknown> } | null;
  new?: { inputs?: Record<string, unknown> } | null;
}

/** Reads what `--event-log` wrote: one JSON object per line. */
export function readEvents(file: string): EngineEvents {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const raw = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as RawEvent);
  return {
    changes: Object.assign({}, ...raw.map((event) => event.summaryEvent?.resourceChanges ?? {})),
    steps: raw.flatMap((event) => (event.resourcePreEvent ? [stepOf(event.resourcePreEvent.metadata)] : [])),
    diagnostics: raw.flatMap(({ diagnosticEvent: event }) =>
      event && event.severity !== "debug" ? [diagnosticOf(event)] : [],
    ),
  };
}

function stepOf(metadata: RawMetadata): ResourceStep {
  return {
    urn: metadata.urn,
    type: metadata.type,
    name: metadata.urn.slice(metadata.urn.lastIndexOf("::") + 2),
    operation: metadata.op,
    oldInputs: metadata.old?.inputs ?? {},
    newInputs: metadata.new?.inputs ?? {},
  };
}

function diagnosticOf({ severity, message, urn }: NonNullable<RawEvent["diagnosticEvent"]>): Diagnostic {
  // The log keeps colour marks such as <{%reset%}> for whoever displays it.
  return { severity, message: message.replace(/<\{%.*?%\}>/g, ""), urn: urn || undefined };
}
