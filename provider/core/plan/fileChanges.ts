import type { HostFacts } from "../facts/hostFacts";
import { sha256 } from "../facts/hostFile";
import { applySplices, type Splice } from "../files/edit";
import type { EditFileStep } from "./step";

interface ChangedFile {
  realPath: string;
  before: string;
  text: string;
  splices: Splice[];
  lines: string[];
  options: string[];
}

/** The host's files with our edits applied in memory, one after the other; turns into one step per changed file. */
export class FileChanges {
  private readonly changed = new Map<string, ChangedFile>();

  private constructor(
    private readonly originals: Pick<HostFacts, "files">,
    private readonly base: FileChanges | undefined,
  ) {}

  static on(facts: Pick<HostFacts, "files">): FileChanges {
    return new FileChanges(facts, undefined);
  }

  /** Further changes on top of these, as steps of their own: what a rollback is made of. */
  continued(): FileChanges {
    return new FileChanges(this.originals, this);
  }

  /** Content with every change so far, undefined for a file that the host does not have. */
  text(path: string): string | undefined {
    const file = this.originals.files.get(path);
    if (file === undefined) return undefined;
    return this.changed.get(file.realPath)?.text ?? this.base?.text(path) ?? file.text;
  }

  /** @param line what it does, for the user. */
  apply(
    { path, section, option }: { path: string; section: string; option: string },
    splices: readonly Splice[],
    line: string,
  ): void {
    const file = this.originals.files.get(path);
    const before = this.text(path);
    if (file === undefined || before === undefined) throw new RangeError(`${path} is not among the host's files`);
    if (splices.length === 0) return;
    const change = this.changed.get(file.realPath) ?? {
      realPath: file.realPath,
      before,
      text: before,
      splices: [],
      lines: [],
      options: [],
    };
    change.text = applySplices(change.text, splices);
    change.splices.push(...splices);
    change.lines.push(line);
    change.options.push(section === "" ? option : `${section}/${option}`);
    this.changed.set(file.realPath, change);
  }

  steps(): EditFileStep[] {
    return [...this.changed.values()]
      .filter((change) => change.text !== change.before)
      .map((change) => ({
        kind: "edit-file",
        path: change.realPath,
        before: sha256(change.before),
        after: sha256(change.text),
        splices: change.splices,
        lines: change.lines,
        options: change.options,
      }));
  }
}
