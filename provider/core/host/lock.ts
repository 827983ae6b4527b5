import { lockPath } from "./paths";

/**
 * The lock's file has the name of who holds it, or held it last, the apply's id, and a line more once that has ended: every
 * beginning and end of an apply changes this hash. No file counts as an empty one.
 */
export const hashOfLock = `
hash_of_lock() { cat ${lockPath} 2>/dev/null | sha256sum | cut -d' ' -f1; }
`;

/** One apply at a time; the lock goes with the process that has file descriptor 9. */
export const lockLibrary = `${hashOfLock}
holder() { sed 1q ${lockPath} | head -c 300; }
take_lock() { # LABEL SECONDS HASH-OF-LOCK-OR-EMPTY
  exec 9>>${lockPath} || fail "cannot open ${lockPath}"
  if ! flock -n 9; then
    event waiting "$(holder)"
    flock -w "$2" 9 || { event busy "$(holder)"; finish busy; }
  fi
  # Another apply since the facts were read: also what the plan does not touch may have changed.
  [ -z "$3" ] || [ "$(hash_of_lock)" = "$3" ] || { event moved "what another apply ($(holder)) has to do with"; finish moved; }
  printf '%s\\n%s\\n' "$1" "\${home##*/}" >${lockPath}
}
leave_lock() { echo ended >&9; }
`;
