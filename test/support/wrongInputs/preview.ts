import { strict as assert } from "node:assert";
import { mock } from "node:test";
import { check } from "../../../provider/check";
import { type HostFacts, parseFacts } from "../../../provider/core/facts/hostFacts";
import { kinds } from "../../../provider/core/kinds";
import { HostSession } from "../../../provider/core/session";
import { loginError } from "../../../provider/core/transport/loginErrors";
import { runError } from "../../../provider/core/transport/runErrors";
import { group, groupName } from "../../../provider/group";
import { plain } from "../../../provider/runtime";
import { connection } from "../../unit/transport/connections";
import { DescribedHost } from "../plans/describedHost";
import type { WrongHost, WrongInput } from "./table";

/** What a preview says of a resource that it refuses. */
export interface Refusal {
  /** As the engine is told; empty where the path stands in the text. */
  property: string;
  reason: string;
}

let ports = 1024;

/**
 * Previews one wrong program by the provider's own check. Only how the host's facts come is played: they are described, or
 * the transport's own functions say why there are none.
 */
export async function preview({ kind, program, host, before }: WrongInput): Promise<Refusal[]> {
  // A session is one host of one run, and these runs have nothing to do with each other.
  ports += 1;
  const access = { host: "compute-1", user: "deploy", port: ports };
  const facts = mock.method(HostSession.prototype, "facts", async function (this: HostSession) {
    const read = readHost(host, Reflect.get(this, "probes"));
    return { ...read, system: { ...read.system, running: `run ${ports}` } };
  });
  const say = mock.method(console, "log", () => {});
  const resources: string[] = [];
  const checked = (name: string, values: Record<string, unknown>) => {
    const resource = `${name} ${resources.filter((each) => each === name).length}`;
    resources.push(name);
    const owner = `project/stack/${name}`;
    const defaults = name === groupName ? { owner } : { owner, connection: access };
    const given = Object.entries({ ...defaults, ...values }).filter(([, value]) => value !== null);
    if (name === groupName) return group.check({}, Object.fromEntries(given));
    return check(kinds.get(name)!, {}, { ...Object.fromEntries(given), __run: { preview: true, resource } });
  };
  try {
    for (const [name, values] of before) assert.deepEqual((await checked(name, values)).failures, []);
    return (await checked(kind, program)).failures;
  } catch (error) {
    // Whatever is no failure of a check fails the whole run, with this text.
    return [{ property: "", reason: plain(error).message }];
  } finally {
    facts.mock.restore();
    say.mock.restore();
  }
}

function readHost(host: WrongHost, probes: Parameters<DescribedHost["facts"]>[0]): HostFacts {
  const to = connection();
  if ("login" in host)
    throw loginError(to, { stderr: host.login, timedOut: false, unanswered: [], refused: undefined });
  if ("run" in host) {
    const context = { connection: to, timeoutMs: 60_000, maxOutputBytes: 1024, linkAlive: !host.isLinkLost };
    throw runError(host.run as unknown as Parameters<typeof runError>[0], context);
  }
  if ("facts" in host) return parseFacts("compute-1", "nonce", host.facts);
  return new DescribedHost(host).facts(probes);
}

/** A refusal as it is read: the property's path first, the host's name nowhere. */
export function asRead({ property, reason }: Refusal): string {
  const text = reason.replace(/^\[compute-1\] | \[compute-1\]$/g, "");
  return property === "" ? text : `${property}: ${text}`;
}
