import { connectionFields } from "./connection";
import type { Inputs } from "./problem";

/** What only ssh reads: beside `transport: "local"` it says that another machine is meant. */
const sshFields = connectionFields.filter((field) => !["host", "user", "transport"].includes(field));

/**
 * Refuses a local connection that names another machine: it would change the one that Pulumi runs on, under the name of the
 * other. Not a part of reading a connection, as states have been recorded without it.
 */
export function refuseOtherMachine(parent: Inputs, isThisMachine: (host: string) => boolean): void {
  const inputs = parent.object("connection", "", true);
  if (inputs?.raw("transport") === "local") {
    const host = inputs.raw("host");
    if (typeof host === "string" && host !== "" && !isThisMachine(host)) {
      inputs.problem(
        "host",
        'must be "localhost", or this machine\'s own name, beside transport: "local", which changes the machine that Pulumi runs on; leave transport out for any other host',
      );
    }
    for (const field of sshFields.filter((each) => inputs.has(each)))
      inputs.problem(field, 'must be left out beside transport: "local", which does not use ssh');
    return;
  }
  let hop = inputs?.has("proxy") ? inputs.object("proxy", "") : undefined;
  while (hop) {
    if (hop.raw("transport") === "local")
      hop.problem("transport", "must be left out: a proxy is reached by ssh; without any, leave out the proxy itself");
    hop = hop.has("proxy") ? hop.object("proxy", "") : undefined;
  }
}
