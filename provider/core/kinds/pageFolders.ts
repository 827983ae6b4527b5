import type { HostFacts } from "../facts/hostFacts";
import type { PagesRecord } from "../facts/journal";
import { bytesOf } from "../files/bytes";
import { folderOf } from "../host/paths";
import { type Beside, nothingBeside, removeFolder } from "../plan/beside";

/** Folders that are made for whole files of ours and go when no such file is in them, and what to remember of them. */
export interface FolderPlan extends Beside {
  during: string[];
  after: string[];
}

/** @param kept the whole files that shall be there. */
export function planFolders(
  { files }: HostFacts,
  kept: readonly string[],
  record: PagesRecord | undefined,
): FolderPlan {
  const needed = kept.map(folderOf);
  const missing = needed.filter((folder) => !files.has(bytesOf(folder)));
  const during = [...new Set([...(record?.madeFolders ?? []), ...missing])];
  const going = during.filter((folder) => !needed.includes(folder));
  return {
    ...{ ...nothingBeside, steps: going.map(removeFolder) },
    ...{ during, after: during.filter((folder) => needed.includes(folder)) },
  };
}
