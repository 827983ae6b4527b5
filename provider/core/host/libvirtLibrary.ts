import { libvirtSocketsFunction } from "./units";

/** Restarting libvirt, with all that it listens at. Part of what an apply needs to activate a change. */
export const libvirtLibrary = `${libvirtSocketsFunction}
# Its sockets that listen. Where the first one has ended, so have those that are bound to it: then those that are enabled.
# Where it is masked, the daemon listens by itself.
libvirt_listening() { # UNIT
  first=\${1%.service}.socket
  case $(property "$first" LoadState)/$(property "$first" ActiveState) in masked/* | */active) ended=0 ;; *) ended=1 ;; esac
  for socket in $(libvirt_sockets "$1"); do
    state=$(property "$socket" ActiveState)
    [ "$ended" = 0 ] || case $(systemctl is-enabled "$socket" 2>/dev/null </dev/null) in enabled*) state=active ;; esac
    [ "$state" != active ] || printf ' %s' "$socket"
  done
}

not_up() { # UNIT...: prints the first of them that does not run
  for unit; do [ "$(property "$unit" ActiveState)" = active ] || { echo "$unit"; break; }; done
}

restart_libvirt() { # UNIT
  # A daemon that waits behind its socket reads its configuration when it is next started. One that we stopped, or that
  # did not start with what we wrote, has to come back, with its sockets.
  if [ "$(property "$1" ActiveState)" != active ] && [ "\${libvirt_touched:-0}" = 0 ] &&
    [ "$(property "\${1%.service}.socket" ActiveState)" = active ]; then return 0; fi
  [ "\${libvirt_touched:-0}" = 1 ] || listeners=$(libvirt_listening "$1")
  libvirt_touched=1
  sockets=$(libvirt_sockets "$1")
  systemctl reset-failed "$1" $sockets 2>/dev/null </dev/null
  event restarting "$1"
  # No socket starts beside a daemon that runs. Those that ended come back in one go with it: between two, somebody who
  # connects to the first one would start it.
  if [ -z "$(not_up $listeners)" ]; then timeout 180 systemctl restart "$1" </dev/null
  else timeout 180 systemctl stop "$1" $listeners </dev/null; timeout 180 systemctl start $listeners "$1" </dev/null; fi || {
    down=$(not_up "$1" $listeners)
    event unhealthy "\${down:-$1} did not restart: $(property "\${down:-$1}" Result)"
    return 1
  }
  deadline=$(($(date +%s) + 120))
  while down=$(not_up $listeners) && [ -n "$down" ] || ! libvirt_answers "$1"; do
    [ "$(date +%s)" -lt "$deadline" ] || { event unhealthy "\${down:-$1} does not answer after its restart"; return 1; }
    sleep 0.5
  done
}

libvirt_answers() { # UNIT
  [ "$(property "$1" ActiveState)" = active ] || return 1
  ! command -v virsh >/dev/null 2>&1 || timeout 20 virsh -q -c qemu:///system version >/dev/null 2>&1 </dev/null
}

`;
