import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { factsScript } from "../../provider/core/facts/hostFacts";
import { activationLibrary, applyLibrary } from "../../provider/core/host/library";
import { pmemLibrary } from "../../provider/core/host/pmemLibrary";
import { storeLibrary } from "../../provider/core/host/storeLibrary";
import { kinds } from "../../provider/core/kinds";
import { rules } from "../../provider/core/migration/verdict";
import { type Minimum, minimums } from "../../provider/core/versions";
import { computeHostPlan, withoutUuid } from "../support/examplePlans";
import { readFixtures } from "../support/facts/fixture";
import { readPipelines } from "../support/pipelines/read";
import { type PlanCase, refusalsOf } from "../support/plans/planCase";

const repository = resolve(__dirname, "..", "..", "..");
const read = (file: string) => readFileSync(join(repository, file), "utf8");
const pages = ["README.md", "DESIGN.md", ...readdirSync(join(repository, "docs")).map((name) => `docs/${name}`)];

/** The cells of a page's table rows, without heads and rulers. */
function rowsOf(page: string): string[][] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    )
    .filter((cells) => !cells.every((cell) => /^-+$/.test(cell)));
}

/** The words of each message that docs/troubleshooting.md explains, with `…` for what changes. */
function explained(): string[] {
  const rows = rowsOf(read("docs/troubleshooting.md")).filter(([message]) => message !== "message");
  return rows.map(([message]) => {
    const words = /^`(.*)`$/.exec(message!)?.[1];
    assert.ok(words, `no message in ${message}`);
    return words;
  });
}

const partsOf = (words: string) => words.split("…").map((each) => each.trim());

function says(message: string, words: string): boolean {
  let from = 0;
  return partsOf(words).every((part) => {
    const at = message.indexOf(part, from);
    from = at + part.length;
    return at >= 0;
  });
}

describe("the documentation", () => {
  it("prints the table of minimum versions as the code has it", () => {
    const columns = ["libvirt", "qemu", "nova", "kernel", "ndctl", "daxio", "systemd"] as const;
    const table: Minimum[] = Object.values(minimums);
    const expected = table.map((minimum) => [minimum.feature, ...columns.map((column) => minimum[column] ?? "")]);
    const section = read("README.md").split("\n## Versions\n")[1]!.split("\n## ")[0]!;
    assert.deepEqual(rowsOf(section).slice(1), expected);
    const shown = new Set<string>(["feature", "source", ...columns]);
    for (const minimum of table) {
      assert.deepEqual(
        Object.keys(minimum).filter((key) => !shown.has(key)),
        [],
        "a column is missing in the README",
      );
    }
  });

  it("prints the rules of live migration with what each comes from", () => {
    const section = read("docs/live-migration.md").split("\n## What decides\n")[1]!;
    assert.deepEqual(
      rowsOf(section)
        .slice(1)
        .map(([name, source]) => [name, source]),
      rules.map(({ name, source }) => [`\`${name}\``, source]),
    );
  });

  it("explains messages that the code really has", () => {
    const sources = readdirSync(join(repository, "provider"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => read(`provider/${name}`))
      .join("\n");
    const all = explained();
    assert.ok(all.length > 30, `${all.length} rows`);
    for (const words of all) {
      for (const part of partsOf(words)) assert.ok(sources.includes(part), `no message says "${part}"`);
    }
  });

  it("explains every refusal of a host's plan", () => {
    const all = explained();
    const refusals = [...kinds.keys()].flatMap((kind) =>
      readFixtures<PlanCase>("plans", kind).flatMap(({ content }) => refusalsOf(kind, content)),
    );
    assert.ok(refusals.length > 30, `${refusals.length} refusals`);
    assert.deepEqual(
      refusals.filter((message) => !all.some((words) => says(message, words))),
      [],
    );
  });

  it("names what a host needs, for every program that our scripts start and not every host has", () => {
    const needed = /Needed there:([\s\S]*?)Needed here:/.exec(read("README.md"))![1]!;
    const scripts = [factsScript().script, applyLibrary, activationLibrary, storeLibrary, pmemLibrary].join("\n");
    const programs: Record<string, string> = {
      awk: "awk",
      sed: "sed",
      grep: "grep",
      find: "findutils",
      xargs: "findutils",
      flock: "util-linux",
      wipefs: "util-linux",
      systemctl: "systemd",
      sha256sum: "coreutils",
      "mkfs.xfs": "xfsprogs",
      xfs_growfs: "xfsprogs",
      "mkfs.ext4": "e2fsprogs",
      resize2fs: "e2fsprogs",
      ndctl: "ndctl",
      daxio: "daxio",
    };
    for (const [program, where] of Object.entries(programs)) {
      assert.match(scripts, new RegExp(`(^|[^\\w.])${program}\\b`), `${program} is not used any more`);
      assert.match(needed, new RegExp(`\\b${where}\\b`), program);
    }
  });

  it("shows the preview that the lab expects of that very program", () => {
    const text = read("README.md");
    const device = /device: "([^"]+)"/.exec(text)![1]!;
    const block = text.split("```").find((part) => part.includes("Diagnostics:"))!;
    const lines = block.split("\n").flatMap((line) => /^ +\[compute-1\.example\.net\] (.*)$/.exec(line)?.[1] ?? []);
    // "auto" is what the plan's own first line says.
    const memoryMb = Number(/(\d+) MiB usable/.exec(lines[0]!)?.[1]);
    assert.deepEqual(lines.map(withoutUuid), computeHostPlan(device, memoryMb));
  });

  it("shows the commands that the ready pipelines run", () => {
    const section = read("README.md").split("\n## In pipelines\n")[1]!.split("\n## ")[0]!;
    const shown = section.split("\n").flatMap((line) => /^(pulumi .*?) +#/.exec(line)?.[1] ?? []);
    for (const { file, preview, apply, drift } of readPipelines()) {
      const commands = [...preview, ...apply, ...drift].map((command) => command.replace(" --non-interactive", ""));
      assert.deepEqual(commands, shown, file);
    }
  });

  it("names a test that is there for each guarantee", () => {
    const [, guarantees = ""] = /\n## Guarantees\n([\s\S]*?)\n## /.exec(read("DESIGN.md")) ?? [];
    const each = guarantees.split(/\n(?=\d+\. )/).filter((text) => /^\d+\. /.test(text));
    assert.ok(each.length >= 16, `${each.length} guarantees`);
    for (const guarantee of each) {
      const tests = guarantee.match(/(?<![a-z/])test\/[A-Za-z/]+(\.test\.ts)?/g) ?? [];
      assert.notDeepEqual(tests, [], guarantee);
      for (const test of tests) assert.ok(existsSync(join(repository, test)), `${test} of: ${guarantee}`);
    }
  });

  it("links to files that are there", () => {
    for (const page of pages) {
      for (const [, target] of read(page).matchAll(/\]\(([^)#]+)\)/g)) {
        if (/^https?:/.test(target!)) continue;
        assert.ok(existsSync(join(repository, dirname(page), target!)), `${page}: ${target}`);
      }
    }
  });
});
