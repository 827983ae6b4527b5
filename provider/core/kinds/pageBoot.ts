import type { HostFacts } from "../facts/hostFacts";
import type { PagesRecord } from "../facts/journal";
import { bootLoaderPath, pageUnit, pageUnitLink, pageUnitPath, pageUnitText } from "../host/pageLibrary";
import type { Problem } from "../inputs/problem";
import { type Beside, bothBeside, fileNow, isTaken, nothingBeside, ourFile, poolWord, wholeFile } from "../plan/beside";
import { call, reloadUnits } from "../plan/calls";
import { lacking, minimums } from "../versions";
import { formatPageSize } from "./pageSize";

/** How pools come back at boot. */
export type AtBoot = "unit" | "kernel-command-line";

interface Pool {
  node: number;
  sizeKib: number;
  count: number;
}

/** The arguments that make the kernel set these pools before anything else runs (kernel-parameters.txt, hugepages=). */
export function kernelArguments(pools: readonly Pool[]): string[] {
  const sizes = [...new Set(pools.map((pool) => pool.sizeKib))];
  return sizes.flatMap((size) => {
    const nodes = pools.filter((pool) => pool.sizeKib === size).map(({ node, count }) => `${node}:${count}`);
    return [`hugepagesz=${formatPageSize(size).replace(" ", "").replace("iB", "")}`, `hugepages=${nodes.join(",")}`];
  });
}

/** True if the running kernel was not started with these pools on its command line. */
export function needsReboot(pools: readonly Pool[], atBoot: AtBoot, { hugePages }: HostFacts): boolean {
  if (atBoot === "unit" || pools.length === 0) return false;
  return !` ${hugePages.kernelArguments.join(" ")} `.includes(` ${kernelArguments(pools).join(" ")} `);
}

/** What keeps pools from being set at boot: a file of somebody else in our place, or what the kernel's command line needs. */
export function bootProblems(pools: readonly Pool[], atBoot: AtBoot, facts: HostFacts): Problem[] {
  const path = atBoot === "unit" ? pageUnitPath : bootLoaderPath;
  if (pools.length > 0 && isTaken(facts, path)) {
    return [
      {
        path: "pools",
        message: `cannot be set at boot, since ${path} is there and was not written by this. Move it away, or leave the pools to whoever wrote it`,
      },
    ];
  }
  if (atBoot === "unit") return [];
  const refuse = (message: string) => ({ path: "atBoot", message });
  if (pools.length === 0) return [refuse("has nothing to set, since no pool is declared; leave it out")];
  if (!facts.tools.has("update-grub")) {
    return [
      refuse(
        'cannot be "kernel-command-line": the host has no update-grub, so that another boot loader or tool decides; leave it out',
      ),
    ];
  }
  // The kernel takes the first count of a size, and leaves others with no more than a line in its log.
  const other = facts.hugePages.otherSetters.find((setter) => setter.startsWith("/etc/default/grub"));
  if (other) {
    return [
      refuse(
        `cannot be "kernel-command-line" beside ${other}: the kernel takes one count for a size, and ignores the other. Take it out of there, or leave atBoot out`,
      ),
    ];
  }
  return lacking(minimums.poolsByKernel, facts.versions).map(({ lack, advice }) =>
    refuse(`cannot be "kernel-command-line": ${lack}; ${advice}, or leave atBoot out`),
  );
}

/** What a plan does about the boot, and what the host must remember of it while the change is made and after it. */
export interface BootPlan extends Beside {
  /** Whole files that are there for it. */
  kept: string[];
  bootLoader: { during: PagesRecord["bootLoader"]; after: PagesRecord["bootLoader"] };
}

/** Files that set pools at boot, in the one way or the other; with no pools, neither. */
export function planBoot(
  facts: HostFacts,
  pools: readonly Pool[],
  atBoot: AtBoot,
  record: PagesRecord | undefined,
): BootPlan {
  const isByKernel = pools.length > 0 && atBoot === "kernel-command-line";
  const isGoing = pools.length === 0 && record?.bootLoader === undefined && (record?.pools.length ?? 0) > 0;
  const unit = planUnit(facts, atBoot === "unit" ? pools : [], isGoing);
  const kernel = planBootLoader(facts, isByKernel ? pools : [], record?.bootLoader);
  const during = kernel.steps.length > 0 ? "due" : record?.bootLoader;
  const kept = pools.length === 0 ? [] : [isByKernel ? bootLoaderPath : pageUnitPath];
  return { ...bothBeside(unit, kernel), kept, bootLoader: { during, after: isByKernel ? "on" : undefined } };
}

function planUnit(facts: HostFacts, pools: readonly Pool[], isGoing: boolean): Beside {
  const content = pools.length > 0 ? pageUnitText(pools.map(poolWord)) : undefined;
  const present = ourFile(facts, pageUnitPath);
  // A cut may have come between its file and systemd's hearing of it.
  if (!present && isGoing) return { ...nothingBeside, steps: [reloadUnits] };
  if (present?.text === content && (content === undefined || facts.files.has(pageUnitLink))) return nothingBeside;
  const words = pools
    .map((pool) => `${pool.count} x ${formatPageSize(pool.sizeKib)} pages on node ${pool.node}`)
    .join(", ");
  const line = content ? `set at boot by ${pageUnit}: ${words}` : `remove ${pageUnit}`;
  return bootFile(facts, pageUnitPath, content, line);
}

/** A cut may have come between the file and what the boot loader makes of it. */
function planBootLoader(facts: HostFacts, pools: readonly Pool[], state: PagesRecord["bootLoader"]): Beside {
  const line = kernelArguments(pools).join(" ");
  const content = pools.length > 0 ? bootLoaderText(line) : undefined;
  if (ourFile(facts, bootLoaderPath)?.text !== content) {
    const words = content
      ? `set on the kernel's command line by ${bootLoaderPath}: ${line}; a reboot is needed`
      : `remove ${bootLoaderPath}`;
    return bootFile(facts, bootLoaderPath, content, words);
  }
  if (state === (content === undefined ? undefined : "on")) return nothingBeside;
  const words = `tell the boot loader of ${bootLoaderPath}`;
  return { ...nothingBeside, steps: [call("update_boot_loader", [], words)], reasons: [words] };
}

function bootFile(facts: HostFacts, path: string, content: string | undefined, words: string): Beside {
  const steps = wholeFile(path, facts.files.get(path)?.sha256, content, words);
  return { steps, restarts: false, reasons: [words], pools: [], files: [fileNow(facts, path)] };
}

function bootLoaderText(line: string): string {
  return `# Written by pulumi-hostmem: huge page pools, read by grub-mkconfig.\nGRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${line}"\n`;
}
