import type { HostFacts } from "../facts/hostFacts";
import type { HostFile } from "../facts/hostFile";
import type { PagesRecord } from "../facts/journal";
import { rootOf } from "../facts/units";
import { bytesOf, textOf } from "../files/bytes";
import type { Problem } from "../inputs/problem";
import type { NovaConfig } from "../novaConfig";
import { type Beside, bothBeside, fileNow, nothingBeside, ourFile, wholeFile } from "../plan/beside";
import type { CallStep } from "../plan/step";
import { noteTrait, removeTrait, setTrait } from "../plan/traits";
import { lacking, minimums } from "../versions";

/** A trait that the host is to have in placement. */
export interface Trait {
  name: string;
  /** By a file that nova-compute reads, or at once in placement. */
  by: "provider-config" | "placement";
}

/** What a plan does about the trait. */
export interface TraitPlan {
  beside: Beside;
  /** Whole files that are there for it. */
  kept: string[];
  /** Once nova-compute runs with what was changed, or at once where a restart makes no difference. */
  afterwards: CallStep[];
  /** Traits that are left to whoever restarts nova-compute. */
  going: string[];
  /** Files of ours that somebody else changed, and that are therefore left. */
  left: string[];
  /** Remembered until then, and from then on. */
  during: NonNullable<PagesRecord["traits"]>;
  after: NonNullable<PagesRecord["traits"]>;
}

const defaultFolder = "/etc/nova/provider_config";

const fileName = "hostmem.yaml";

/**
 * `[compute] provider_config_location`; every *.yaml in it is read at the start of nova-compute (nova/compute/provider_config.py),
 * below a root of its own if it has one. One character a byte, as all of nova.conf.
 */
function folderOf({ novaCompute }: HostFacts, location = defaultFolder): string {
  return (novaCompute ? rootOf(novaCompute.unit) : "") + location.replace(/\/+$/, "");
}

function locationIn(config: NovaConfig): string | undefined {
  return config.get("compute", "provider_config_location")?.value;
}

function fileOf(facts: HostFacts, config: NovaConfig): string {
  return textOf(`${folderOf(facts, locationIn(config))}/${fileName}`);
}

function content(trait: string): string {
  return `# Written by pulumi-hostmem.
meta:
  schema_version: '1.0'
providers:
  - identification:
      uuid: $COMPUTE_NODE
    traits:
      additional:
        - ${trait}
`;
}

/**
 * Our file as we wrote it, with whatever trait. Nova takes one entry for $COMPUTE_NODE over all files: whoever else needs one
 * has no place for it but ours, and what they wrote there is theirs.
 */
function asWritten(facts: HostFacts, path: string): HostFile | undefined {
  const present = ourFile(facts, path);
  const [, name] = /- (\S+)\n$/.exec(present?.text ?? "") ?? [];
  return name !== undefined && present?.text === content(name) ? present : undefined;
}

/** What nova-compute would stop at, or silently ignore. */
export function traitProblems(trait: Trait | undefined, facts: HostFacts, config: NovaConfig): Problem[] {
  if (trait?.by !== "provider-config") return [];
  const refuse = (message: string) => ({ path: "trait", message: `${message}, or use traitBy: "placement"` });
  const old = lacking(minimums.providerConfig, facts.versions);
  if (old.length > 0) return old.map(({ lack }) => refuse(`cannot be declared: ${lack}. Upgrade it`));
  const folder = folderOf(facts, locationIn(config));
  if (folder !== folderOf(facts) && !facts.files.has(folder)) {
    return [
      refuse(
        `cannot be declared: [compute] provider_config_location is ${textOf(folder)}, where no folder was found. Make it, and write it there as a plain path`,
      ),
    ];
  }
  const own = fileOf(facts, config);
  if (facts.files.has(bytesOf(own)) && !asWritten(facts, own)) {
    return [
      refuse(
        `cannot be declared: somebody else wrote to ${own}. Give that file another name, with the trait in it, and leave trait out`,
      ),
    ];
  }
  for (const file of facts.files.values()) {
    if (!file.path.startsWith(`${folder}/`) || !file.path.endsWith(".yaml")) continue;
    if (file.path === bytesOf(own)) continue;
    const text = withoutComments(file.text);
    if (/\buuid["']?\s*:\s*["']?\$COMPUTE_NODE/.test(text)) {
      return [
        refuse(
          `cannot be declared beside ${file.path}, which has an entry for $COMPUTE_NODE already: nova-compute refuses to start with two. Add the trait there`,
        ),
      ];
    }
    // YAML writes one entry in many ways. Without this word, as it stands or with a backslash in it, there is none.
    if (/identification|\\/.test(text)) {
      return [
        refuse(
          `may be ignored beside ${file.path}: an entry that names a provider overrides the one for $COMPUTE_NODE. Add the trait there`,
        ),
      ];
    }
  }
  return [];
}

/** Without lines that are comments alone; a comment ends at the latest where one of YAML's rarer line breaks may begin. */
function withoutComments(text: string): string {
  return text.replace(/^[ \t]*#[^\n\r\xc2\xe2]*/gm, "");
}

/** Files of ours, each once: also those in a folder that Nova was once told to read, as long as the host is asked for it. */
function ourFiles(facts: HostFacts): HostFile[] {
  const found = new Map<string, HostFile>();
  for (const file of facts.files.values()) {
    if (file.path.endsWith(`/${fileName}`) && ourFile(facts, textOf(file.path))) found.set(file.realPath, file);
  }
  return [...found.values()];
}

/** One file of ours written, or removed. */
function change(facts: HostFacts, path: string, wanted: string | undefined, line: string): Beside {
  const present = asWritten(facts, path);
  if (present?.text === wanted) return nothingBeside;
  const steps = wholeFile(path, present?.sha256, wanted, line);
  return { steps, restarts: true, reasons: [line], pools: [], files: [fileNow(facts, path)] };
}

/**
 * @param isDeferred the restart that comes of it is left to a ServiceActivation.
 */
export function planTrait(
  trait: Trait | undefined,
  facts: HostFacts,
  config: NovaConfig,
  record: PagesRecord | undefined,
  isDeferred: boolean,
): TraitPlan {
  const path = fileOf(facts, config);
  const wanted = trait?.by === "provider-config" ? content(trait.name) : undefined;
  const former = record?.traits ?? [];
  const gone = former.filter(({ name }) => name !== trait?.name);
  const isSet = former.some(({ name, set }) => name === trait?.name && set);
  const here = wanted === undefined ? undefined : facts.files.get(bytesOf(path))?.realPath;
  const others = ourFiles(facts).filter(({ realPath }) => realPath !== here);
  const isWhole = (file: HostFile) => asWritten(facts, textOf(file.path)) !== undefined;
  const changes = others.filter(isWhole).map((file) => {
    const each = textOf(file.path);
    return change(facts, each, undefined, `remove ${each}`);
  });
  if (wanted !== undefined) changes.push(change(facts, path, wanted, `add the trait ${trait?.name} by ${path}`));
  const noted = { ...nothingBeside, steps: trait && !isSet ? [noteTrait(facts, trait.name)] : [] };
  const beside = changes.reduce(bothBeside, noted);
  const going = isDeferred && (beside.restarts || isFilePending(facts)) ? gone : [];
  return {
    beside,
    kept: wanted === undefined ? [] : [path],
    afterwards: [
      ...gone.filter((each) => !going.includes(each)).map(({ name }) => removeTrait(facts, name)),
      ...(trait?.by === "placement" && !isSet ? [setTrait(facts, trait.name)] : []),
    ],
    going: going.map(({ name }) => name),
    left: others.filter((file) => !isWhole(file)).map((file) => `left ${textOf(file.path)}: somebody else changed it`),
    during: [...gone, ...(trait ? [{ name: trait.name, set: isSet }] : [])],
    after: [
      ...going.map((each) => ({ ...each, going: true as const })),
      ...(trait ? [{ name: trait.name, set: true }] : []),
    ],
  };
}

/** nova-compute may run with another file of ours than is there. */
function isFilePending({ journal }: HostFacts): boolean {
  return journal.pending?.files?.some(({ path }) => path.endsWith(`/${fileName}`)) ?? false;
}
