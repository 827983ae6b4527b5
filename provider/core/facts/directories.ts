import { textOf } from "../files/bytes";
import { mountUnit } from "../host/units";
import { quote } from "../quote";
import type { Sections } from "./sections";

/** A directory that somebody asked about. */
export interface Directory {
  path: string;
  exists: boolean;
  /** The topmost directory on the way to it that does not exist, undefined if it exists. */
  firstMissing: string | undefined;
  /** With links resolved, also where its last parts do not exist. */
  realPath: string;
  /** `mode uid:gid` as stat prints them, undefined if it does not exist. */
  access: string | undefined;
  /** What is in its place, or on the way to it, and no directory. */
  obstacle: string | undefined;
  /** The first directory on the way to it that only root can pass, with its `mode uid:gid`. */
  closed: { path: string; access: string } | undefined;
  /** A unit file of systemd for a mount there, which somebody wrote or masked; never what systemd makes of fstab. */
  unitFile: string | undefined;
  isMountPoint: boolean;
  /** With nothing in it; what a mount would cover otherwise. */
  isEmpty: boolean;
}

/** Where unit files are that are not made at boot (systemd.unit(5)). */
const unitFolders = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map((folder) => `${folder}/systemd/system`);

export function collectDirectories(paths: readonly string[]): string {
  const probe = `
section_directory() { # PATH MOUNT-UNIT
  section "directory $1"
  for folder in ${unitFolders.join(" ")}; do
    if [ -e "$folder/$2" ]; then echo "unit $folder/$2"; break; fi
  done
  if [ ! -e "$1" ]; then
    top=$1
    while above=\${top%/*}; [ "$above" != "$top" ] && [ -n "$above" ] && [ ! -e "$above" ]; do top=$above; done
    echo "missing $top"
    above=\${top%/*}; above=\${above:-/}
    if [ ! -d "$above" ]; then echo "obstacle $above"; elif [ -L "$top" ]; then echo "obstacle $top"; fi
    above=\${1%/*}; real=$(readlink -m -- "\${above:-/}" | sed 's|^/$||')/\${1##*/}
  else
    real=$(readlink -f -- "$1")
    echo "access $(stat -L -c '%a %u:%g' -- "$1")"
  fi
  echo "real $real"
  while real=\${real%/*}; [ -n "$real" ]; do
    # Who may pass by an access control list is not in the mode.
    [ ! -d "$real" ] || case $(ls -ld -- "$real") in
      ??????????+*) ;;
      *) echo "above $(stat -c '%a %u:%g' -- "$real") $real" ;;
    esac
  done
  [ -e "$1" ] || return 0
  [ -d "$1" ] || { echo other; return 0; }
  mountpoint -q -- "$1" && echo mounted
  [ -n "$(ls -A -- "$1" 2>/dev/null | head -n 1)" ] && echo filled
  :
}
`;
  return probe + paths.map((path) => `section_directory ${quote(path)} ${quote(mountUnit(path))}\n`).join("");
}

export function parseDirectories(sections: Sections): Map<string, Directory> {
  return new Map(
    sections.withPrefix("directory").map(([probed, content]) => {
      const path = textOf(probed);
      const words = textOf(content).split("\n");
      const values = (name: string) =>
        words.filter((word) => word.startsWith(`${name} `)).map((word) => word.slice(name.length + 1));
      const [firstMissing] = values("missing");
      return [
        path,
        {
          path,
          exists: firstMissing === undefined,
          firstMissing,
          realPath: values("real")[0] ?? path,
          access: values("access")[0],
          obstacle: values("obstacle")[0] ?? (words.includes("other") ? path : undefined),
          closed: values("above")
            .map(readAbove)
            .findLast(({ access }) => isForRootAlone(access)),
          unitFile: values("unit")[0],
          isMountPoint: words.includes("mounted"),
          isEmpty: !words.includes("filled"),
        },
      ];
    }),
  );
}

function readAbove(text: string): { path: string; access: string } {
  const [mode, owner, ...path] = text.split(" ");
  return { path: path.join(" "), access: `${mode} ${owner}` };
}

/** True if nobody but root can pass a directory; the user that QEMU runs as may be its owner or in its group. */
export function isForRootAlone(access: string): boolean {
  const [mode = "", owner = ""] = access.split(" ");
  const others = owner === "0:0" ? 0o001 : 0o011;
  return owner.startsWith("0:") && (Number.parseInt(mode, 8) & others) === 0;
}
