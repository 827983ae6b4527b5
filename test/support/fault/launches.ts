import { strict as assert } from "node:assert";
import { sampled } from "../sampled";
import { beginTrial } from "../trials";
import type { CutHost } from "./lab";
import { LaunchCutter } from "./launchCutter";
import { mountPoint } from "./lives";
import { differences, leftovers, type OutsideView, viewHost } from "./outside";

const declared = { BackingStore: { fileSystem: "tmpfs", size: "16 MiB", mountPoint } };
const isOver = "! systemctl list-units --plain --no-legend 'hostmem-apply-*' | grep . >/dev/null";
const home = "/var/lib/hostmem";
/** Where an apply waits to be started. One that never was is forgotten once it is older than any client could be. */
const launching = `${home}/apply`;
const makeOld = `[ ! -d ${launching} ] || find ${launching} -mindepth 1 -maxdepth 1 -exec touch -d '1 hour ago' {} +`;

/**
 * Kills the shell that starts and follows an apply at its mutating system calls, some by the seed or all of them in a full
 * run, several hosts sharing the work: the apply goes on by itself or was never begun, and the next one ends the work.
 *
 * @returns how many calls there are.
 */
export async function cutLaunches(hosts: readonly CutHost[], count: number): Promise<number> {
  const launched = await Promise.all(hosts.map((on) => Launches.on(on)));
  try {
    const { calls } = launched[0]!;
    const numbers = Array.from(calls, (_, index) => index + 1);
    const waiting = sampled("cuts of the shell that starts an apply", numbers, count);
    const ends = await Promise.allSettled(
      launched.map(async (each) => {
        for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) await each.cut(call);
      }),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return calls.length;
  } finally {
    await Promise.all(launched.map((each) => each.end()));
  }
}

class Launches {
  private constructor(
    private readonly on: CutHost,
    private readonly cutter: LaunchCutter,
    readonly calls: readonly string[],
    private readonly clean: OutsideView,
    private readonly made: OutsideView,
  ) {}

  static async on(on: CutHost): Promise<Launches> {
    on.cutter.cutAt(0);
    const cutter = await LaunchCutter.on(on.host);
    const clean = viewHost(on.host);
    await on.core.up(declared);
    const calls = cutter.calls();
    const made = viewHost(on.host);
    await on.core.destroy(declared);
    assert.deepEqual(differences(clean, viewHost(on.host)), []);
    return new Launches(on, cutter, calls, clean, made);
  }

  async cut(call: number): Promise<void> {
    const { host, core } = this.on;
    this.cutter.cutAt(call);
    const said = await core.up(declared).catch((error: Error) => error.message);
    if (this.cutter.wasCut) {
      const when = `the shell that starts an apply, ${call}: ${this.calls[call - 1]}`;
      const prove = beginTrial("system calls cut", when, ["nothing half written", "converged"]);
      await host.waitUntilSucceeds(isOver, 60);
      const different = [this.clean, this.made].map((view) => this.differences(view));
      assert.ok(
        different.some((lines) => lines.length === 0),
        `${when} (${said}): ${different.join("\n")}`,
      );
      prove("nothing half written");
      await core.up(declared);
      assert.deepEqual(this.differences(this.made), [], when);
      await host.succeed(makeOld);
      await core.destroy(declared);
      assert.deepEqual([...differences(this.clean, viewHost(host)), ...leftovers(host)], [], when);
      prove("converged");
    } else {
      await core.destroy(declared);
    }
  }

  async end(): Promise<void> {
    await this.cutter.remove();
  }

  private differences(view: OutsideView): string[] {
    const found = differences(view, viewHost(this.on.host));
    return found.filter((line) => !line.startsWith(launching) && !line.startsWith(`${home}: `));
  }
}
