/**
 * Guests that run, as libvirt keeps them in files of its own: of each its file's name, what libvirt is at with it just now
 * (`<job async='migration out'/>`, left out for nothing), and its number. The same text means the same guests, at the same.
 */
export const guestStateFunctions = `
guest_state() {
  for xml in /run/libvirt/qemu/*.xml; do
    [ -f "$xml" ] || continue
    name=\${xml##*/}
    printf '%s %s\\n' "\${name%.xml}" "$(sed -n "s/^[[:space:]]*<job .*async='\\([^']*\\)'.*/job \\1/p; s/^[[:space:]]*<domain .* id='\\([0-9]*\\)'.*/id \\1/p" "$xml" 2>/dev/null | tr '\\n' ' ')"
  done
}
guest_digest() { guest_state | sha256sum | cut -d ' ' -f 1; }
`;

/** What an apply asks of it under the lock. */
export const guestChecks = `${guestStateFunctions}
guests_are() { [ "$(guest_digest)" = "$1" ]; } # DIGEST

# A libvirt that restarts drops what it is at with a guest; a nova-compute that restarts forgets a migration.
no_jobs() {
  jobs=$(guest_state | sed -n '/ job none /d; s/^\\(.*\\) job \\(.*\\) id [0-9]* *$/\\1 (\\2)/p' | head -n 3 | tr '\\n' ' ')
  [ -z "$jobs" ] || fail "libvirt is at work on guests, so that nothing was restarted: \${jobs% }"
}
`;
