/**
 * What an apply leaves that was cut, or failed, at giving a file its name. `drop_unnamed` removes the file without a name,
 * which is the new one or, once they were swapped, the old one. If it is neither, an editor was faster than the swap: that
 * one goes back to its place, as it does in an apply that is not cut; where somebody has written there since, it stays
 * beside it under a name of its own.
 */
export const unnamedFiles = `
hash_of() { if [ -e "$1" ]; then sha256sum <"$1" | cut -d' ' -f1; else echo -; fi; }
drop_unnamed() { # HOME
  [ -s "$1/new" ] || return 0
  unnamed=$(cat -- "$1/new") swapped='' replaced=''
  [ ! -s "$1/swap" ] || read -r swapped replaced <"$1/swap"
  found=$(hash_of "$unnamed")
  [ ! -L "$unnamed" ] || found="a link"
  if [ -z "$swapped" ] || [ "$found" = "$swapped" ] || [ "$found" = "$replaced" ] || [ "$found" = - ]; then
    rm -f -- "$unnamed"
  else
    place=\${unnamed##*/.} place=\${unnamed%/*}/\${place%".\${1##*/}.hostmem-new"}
    if [ "$(hash_of "$place")" != "$swapped" ]; then
      place=$place.kept-\${1##*/}
      event aside "$place"
    fi
    mv -f -- "$unnamed" "$place" && sync -- "\${place%/*}"
  fi
  rm -f -- "$1/new" "$1/swap"
}
`;

/** Shell functions that change a file by itself, so that nothing of it is lost, whoever else writes it. */
export const fileLibrary = `
# Of a full disk cat says that it is full; the shell's own echo speaks of an I/O error.
note() { cat >"$home/$1" && sync -- "$home/$1" || { echo "in $home" >&2; return 1; }; } # NAME, and its content on standard input
# Gives a new file the name of an old one. An editor may rename its own over the old one at the very last moment: swapped by
# one renameat2(2) and looked at, that one is not lost, but goes back to its place. No tool of POSIX can swap; the Python
# that Nova runs in can. Where there is none, the last look is the one just before the rename. From before the swap on it
# is noted what the new file may be then, for whoever finds that this was cut.
take_name() { # NEW PATH [HASH of the old one]
  if [ -n "\${3:-}" ]; then
    ours=$(hash_of "$1")
    [ "$(hash_of "$2")" = "$3" ] || { event changed "$2"; return 1; }
    echo "$ours $3" | note swap || return 1
    python3 -I -c '
import ctypes, hashlib, os, sys
new, path, expected = sys.argv[1:]
def content():
    if os.path.islink(new):
        return "a link"
    with open(new, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        return hashlib.sha256(file.read()).hexdigest()
def swap():
    return ctypes.CDLL(None).renameat2(-100, os.fsencode(new), -100, os.fsencode(path), 2)
ours = content()
if swap() != 0:
    sys.exit(3)
try:
    if content() == expected:
        os.unlink(new)
        sys.exit(0)
except OSError as error:
    swap()
    print(error, file=sys.stderr)
    sys.exit(8)
swap()
try:
    if content() != ours:
        swap()
except OSError:
    pass
sys.exit(9)' "$1" "$2" "$3" 2>"$work/swap"
    case $? in
      0) return 0 ;;
      8) cat "$work/swap" >&2; return 1 ;;
      9) event changed "$2"; return 1 ;;
    esac
    # It could not swap, if what is new still has its own name; else it was cut in the middle.
    [ "$(hash_of "$1")" = "$ours" ] && [ "$(hash_of "$2")" = "$3" ] || { event changed "$2"; return 1; }
  fi
  mv -f -- "$1" "$2"
}

# The new file takes owner, mode, ACL and label of the old one, is on the disk before it gets the name, and the name
# changes in one rename(2): a cut leaves the old file or the new one, and the other one under a name that is noted (also on
# the disk) before, for whoever forgets this apply.
replace() { # PATH CONTENT [HASH of what may be replaced]
  new=\${1%/*}/.\${1##*/}.\${home##*/}.hostmem-new
  {
    printf '%s' "$new" | note new &&
      if [ -e "$1" ]; then cp --preserve=all -- "$1" "$new" 2>/dev/null || cp -p -- "$1" "$new"; else : >"$new"; fi &&
      cat -- "$2" >"$new" && sync -- "$new" && take_name "$new" "$1" "\${3:-}" && sync -- "\${1%/*}" && rm -f -- "$home/new" "$home/swap"
  } || { drop_unnamed "$home"; return 1; }
}

edit_file() { # PATH HASH-BEFORE HASH-AFTER, and on standard input lines of OFFSET LENGTH BASE64
  now=$(hash_of "$1")
  if [ "$now" = "$3" ]; then cat >/dev/null; return 0; fi
  if [ "$now" != "$2" ]; then cat >/dev/null; event changed "$1"; return 1; fi
  links=$(stat -c %h -- "$1") || return 1
  # A rename would part it from its other names.
  [ "$links" = 1 ] || { echo "it has $links names (hard links), and a change would reach this one alone" >&2; return 1; }
  cat -- "$1" >"$work/text" || return 1
  while read -r offset length insert; do
    { head -c "$offset" "$work/text"; printf '%s' "$insert" | base64 -d; tail -c "+$((offset + length + 1))" "$work/text"; } >"$work/next" &&
      mv -f -- "$work/next" "$work/text" || return 1
  done
  [ "$(hash_of "$work/text")" = "$3" ] || { event changed "$1"; return 1; }
  replace "$1" "$work/text" "$2"
}
`;
