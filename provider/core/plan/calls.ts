import type { CallStep } from "./step";

/** A call that is a line of the plan. */
export function call(name: string, args: (string | number)[], line: string): CallStep {
  return { kind: "call", call: name, args, line };
}

/** A call that is no line of the plan. */
export function silently(what: string, name: string, args: (string | number)[]): CallStep {
  return { kind: "call", call: name, args, line: undefined, what };
}

/** After a unit's file was written or removed. */
export const reloadUnits = silently("have systemd read its units again", "systemctl", ["daemon-reload"]);
