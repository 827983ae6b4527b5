import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import type { OperationResult } from "../../engine/support/project";
import type { LabHost } from "../../support/lab/labHost";
import { beginTrial, type Prove } from "../../support/trials";
import { ApplyCut } from "./applyCut";
import type { LabStack } from "./labStack";
import { traces } from "./novaState";
import { kill, processesOf } from "./processes";

/** Files that an apply changes and others read. */
const edited = ["/etc/fstab", "/etc/nova/nova.conf", "/etc/libvirt/qemu.conf"];
const guard = "/etc/systemd/system/libvirtd.service.d/hostmem-store.conf";

/** A point between 1 and `most`, drawn by the seed that the run prints. */
export function drawnPoint(label: string, most: number): number {
  const seed = process.env["HOSTMEM_SEED"] ?? "0";
  return 1 + (createHash("sha256").update(`${seed} ${label}`).digest().readUInt32BE() % most);
}

const must = ["boots", "converged or explained", "restored"] as const;

/**
 * Cuts the power of a machine in the middle of what a stack does to it, and sees what is left of that. Each cut is a trial
 * that the run counts; one that came when the command had just ended is counted as what it was.
 */
export class PowerCuts {
  /** How many came in the middle of an apply. */
  inTheMiddle = 0;
  private before = "";
  /** The files as each of the cuts left them that nothing has finished yet, and the trials that these are. */
  private open: { files: string; prove: Prove<(typeof must)[number]> }[] = [];
  /** Of the cuts since the machine was last as it was before all. */
  private trials: Prove<(typeof must)[number]>[] = [];

  private constructor(
    private readonly host: LabHost,
    private readonly stack: LabStack,
    private readonly untouched: string,
  ) {}

  /** On a machine that the stack has not changed yet. */
  static async on(host: LabHost, stack: LabStack): Promise<PowerCuts> {
    return new PowerCuts(host, stack, await filesOf(host));
  }

  /**
   * Begins a command, and cuts the power once its applies have started so many processes, or have ended. Returns when the
   * machine is up again. With the machine goes who runs the command; a reboot leaves him to see what he can.
   */
  async cut(
    trial: string,
    processes: number,
    begin: () => Promise<OperationResult>,
    how: "power" | "reboot" = "power",
  ): Promise<void> {
    if (this.open.length === 0) this.before = await filesOf(this.host);
    const cut = await ApplyCut.begin(this.host, processes);
    const command = begin();
    const reached = await cut.isReached(command);
    console.log(`      ${reached ? "cut" : "ended"} after ${await cut.count()} processes`);
    if (reached) this.inTheMiddle++;
    else assert.equal((await command).code, 0, "it was not cut, and failed all the same");
    const prove = beginTrial(reached ? "power cuts" : "power cuts right after the end", trial, must);
    this.trials.push(prove);
    if (how === "power") {
      await this.host.crash();
      for (const pid of processesOf(this.stack.project.directory)) kill(pid);
      await command;
      await this.stack.project.command(["cancel", "--yes"], { mustSucceed: false });
      await this.host.start();
    } else {
      if (reached) await cut.release();
      await this.host.reboot();
      await command;
    }
    await this.host.succeed("systemctl is-active multi-user.target");
    await this.expectWholeRecords();
    this.open.push({ files: await filesOf(this.host), prove });
    prove("boots");
  }

  /** Does what finishes it, and finds that every file was whole after each cut: as it was before, or as it is now. */
  async converge(finish: () => Promise<unknown>): Promise<void> {
    await finish();
    const now = (await filesOf(this.host)).split("\n");
    const before = this.before.split("\n");
    for (const [index, line] of this.open.flatMap(({ files }) => [...files.split("\n").entries()])) {
      assert.ok(line === before[index] || line === now[index], `${line} is neither ${before[index]} nor ${now[index]}`);
    }
    const unfinished = "find /etc /var/lib/hostmem -name '*.hostmem-new' -o -name pending.json 2> /dev/null || :";
    assert.equal(await this.host.succeed(unfinished), "");
    for (const { prove } of this.open.splice(0)) prove("converged or explained");
  }

  /** Finds that all is taken back. */
  async restored(): Promise<void> {
    assert.deepEqual(await traces(this.host), []);
    assert.equal(await filesOf(this.host), this.untouched);
    for (const prove of this.trials.splice(0)) prove("restored");
  }

  private async expectWholeRecords(): Promise<void> {
    await this.host.succeed(`for file in $(find /var/lib/hostmem -name '*.json' 2> /dev/null); do
      python3 -m json.tool "$file" > /dev/null
    done`);
  }
}

function filesOf(host: LabHost): Promise<string> {
  return host.succeed(`for file in ${edited.join(" ")} ${guard}; do
    if [ -e $file ]; then sha256sum $file; else echo "no $file"; fi
  done`);
}
