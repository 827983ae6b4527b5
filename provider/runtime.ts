import { check } from "./check";
import { kinds } from "./core/kinds";
import { readable } from "./core/readable";
import { group, groupName } from "./group";
import { create, diff, read, remove, update } from "./lifecycle";
import { endWithEngine } from "./orphan";
import type { Properties } from "./resource";

/** The methods of a Pulumi resource provider, as state calls them. */
export type Method = "check" | "diff" | "create" | "read" | "update" | "delete";

/**
 * The only thing that stored state may call, for ever: `require("pulumi-hostmem/runtime").run(kind, method, args)`. Every
 * resource ever created refreshes and destroys itself through it, so name, arguments and meaning never change.
 *
 * @param args the arguments of the method of the same name in Pulumi's dynamic `ResourceProvider`.
 */
export async function run(kind: string, method: Method, args: readonly unknown[]): Promise<unknown> {
  endWithEngine();
  const known = kinds.get(kind);
  if (kind === groupName) return runGroup(method, args);
  if (!known) {
    throw plain(
      new Error(`this pulumi-hostmem knows no ${kind}; install the version that created the resource, or a newer one`),
    );
  }
  try {
    switch (method) {
      case "check":
        return clean(await check(known, args[0] as Properties, args[1] as Properties));
      case "diff":
        return clean(await diff(known, args[0] as string, args[1] as Properties, args[2] as Properties));
      case "create":
        return clean(await create(known, args[0] as Properties));
      case "read":
        return clean(await read(known, args[0] as string, args[1] as Properties));
      case "update":
        return clean(await update(known, args[0] as string, args[1] as Properties, args[2] as Properties));
      case "delete":
        return clean((await remove(known, args[0] as string, args[1] as Properties)) ?? {});
      default:
        throw new Error(`this pulumi-hostmem knows no method ${String(method)}`);
    }
  } catch (error) {
    throw plain(error);
  }
}

function runGroup(method: Method, args: readonly unknown[]): unknown {
  try {
    const known = Object.hasOwn(group, method) ? (group[method] as (...given: unknown[]) => unknown) : undefined;
    if (!known) throw new Error(`this pulumi-hostmem knows no method ${String(method)}`);
    return clean(known(...args));
  } catch (error) {
    throw plain(error);
  }
}

/** The engine takes plain JSON only; anything else, even an undefined property, fails after the host was changed. */
function clean(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/**
 * Errors go to users as they are; a stack of this package would only hide the sentence that matters. Beside what the engine
 * shows, Pulumi's server prints `${error}: ${error.stack}` for some methods: that becomes one line, `[host]: problem`.
 */
export function plain(error: unknown): Error {
  const shown: Error & { reasons?: string[] } = error instanceof Error ? error : new Error(String(error));
  shown.message = readable(shown.message);
  if (shown.reasons) shown.reasons = shown.reasons.map(readable);
  if (process.env["HOSTMEM_DEBUG"] !== undefined) return shown;
  const [, host = "pulumi-hostmem", problem = shown.message] = /^(\[[^\]]+\]) ([\s\S]*)$/.exec(shown.message) ?? [];
  shown.toString = () => host;
  shown.stack = problem.replace(/\s*\n\s*/g, " ");
  return shown;
}
