import { fileLibrary, unnamedFiles } from "./fileLibrary";
import { guestChecks } from "./guestState";
import { hardwareFunction } from "./identity";
import { libvirtLibrary } from "./libvirtLibrary";
import { lockLibrary } from "./lock";
import { applyDirectory, hostIdPath, lockPath, stateDirectory, traitsDirectory } from "./paths";

/** True while a unit runs, and while systemd ends it. */
export const applyRuns = `
apply_runs() { # ID
  case $(systemctl is-active "hostmem-apply-$1.service" 2>/dev/null </dev/null) in active | activating | deactivating) ;; *) return 1 ;; esac
}
`;

/**
 * The shell functions that an apply is written in. They run on the host as one transient unit, so nothing here may need
 * the client: every decision that can come up (somebody wrote meanwhile, Nova does not come up) is already in the script.
 *
 * File descriptor 3 is the log, and has events for the client alone. What tools print has bounds: standard output is
 * dropped, and no file, where an error is kept until it is told, grows beyond 16 MiB. A write beyond that is an error
 * (setrlimit(2), RLIMIT_FSIZE) and, with the signal ignored, no more than that. Devices have no such limit.
 */
export const applyLibrary = `
set -u
umask 077
trap '' XFSZ
ulimit -f 32768
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
# What an apply has to say must find room even where its failure is that there is none: the launch put some aside.
event() { printf '%s %s\\n' "$nonce" "$*" 2>/dev/null >&3 || { rm -f -- "$home/reserve"; printf '\\n%s %s\\n' "$nonce" "$*" >&3; }; }
finish() { [ -z "$work" ] || leave_lock; event finished "$1"; rm -f -- "$home/reserve"; printf '%s\\n' "$1" >"$home/status.new"; mv -f -- "$home/status.new" "$home/status"; rm -rf -- \${work:+"$work"}; exit 0; }
fail() { event failed "$*"; finish failed; }
fail_as_said() { # WHAT, and what the tools said in $work/said
  said=$(tr -s '\n' ' ' <"$work/said" | tail -c 400)
  fail "$1\${said:+: \${said% }}"
}
${unnamedFiles}${lockLibrary}${applyRuns}
age_of() { echo "$(($(date +%s) - $(stat -c %Y -- "$1" 2>/dev/null || date +%s)))"; }
# What an apply left that neither runs nor may be about to: its client starts it within a minute, follows it from then on,
# and reads its status, should the link be lost, within a quarter of an hour.
forget_apply() { # HOME
  followed=0; [ ! -e "$1/follower" ] || followed=1
  if apply_runs "\${1##*/}"; then return 0; fi
  limit=60
  if [ -e "$1/status" ]; then limit=$2; elif [ "$followed" = 1 ]; then limit=-1; fi
  [ "$(age_of "$1")" -le "$limit" ] || { drop_unnamed "$1"; rm -rf -- "$1" "/run/hostmem.\${1##*/}"; }
}

begin() { # LABEL SECONDS HASH-OF-LOCK-OR-EMPTY
  work=''
  take_lock "$@"
  for old in ${applyDirectory}/*; do [ "$old" = "$home" ] || forget_apply "$old" 900; done
  work=/run/hostmem.\${home##*/}
  rm -rf -- "$work" && mkdir -- "$work" || fail "no room in /run"
}

# Proves that the host is still as the plan saw it. Called for every file before the first change.
expect() { # PATH HASH
  [ "$(hash_of "$1")" = "$2" ] || { event moved "$1"; finish moved; }
}

${fileLibrary}
write_record() { # PATH, and its content as base64 on standard input
  mkdir -p -- "\${1%/*}" && base64 -d >"$work/record" && replace "$1" "$work/record"
}

# With the last record goes what no record tells of, and before it: a cut in between has to be explained by something.
remove_record() { # PATH
  others=0
  for record in ${stateDirectory}/objects/* ${stateDirectory}/pending.json ${stateDirectory}/cloud.json; do
    [ "$record" = "$1" ] || [ ! -e "$record" ] || others=1
  done
  [ "$others" = 1 ] || rm -rf -- ${hostIdPath} ${traitsDirectory}
  rm -f -- "$1" && sync -- "\${1%/*}"
}

${hardwareFunction}
# Its second line says on which machine it was made: one that got a copy of this disk makes its own.
make_host_id() { # PATH
  hardware=$(hardware) made_on=$(sed -n 2p "$1" 2>/dev/null)
  [ ! -s "$1" ] || [ "\${made_on%% *}" != "\${hardware%% *}" ] || [ "$made_on" = "$hardware" ] || rm -f -- "$1"
  [ -s "$1" ] && return 0
  mkdir -p -- "\${1%/*}" && { cat /proc/sys/kernel/random/uuid; echo "$hardware"; } >"$work/id" && replace "$1" "$work/id"
}

# With the last object gone, nothing of ours stays. Empty folders that a cut leaves are removed by who follows the apply.
leave_host() {
  for record in ${stateDirectory}/objects/* ${stateDirectory}/pending.json; do [ -e "$record" ] && return 0; done
  rm -rf -- ${stateDirectory}/objects ${traitsDirectory} ${hostIdPath}
  for old in ${applyDirectory}/*; do [ "$old" = "$home" ] || forget_apply "$old" -1; done
}
`;

/** Restarting, and finding out whether Nova really came up. */
export const activationLibrary = `
property() { timeout 30 systemctl show -p "$2" --value "$1" 2>/dev/null </dev/null | head -c 4096; }

${guestChecks}${libvirtLibrary}file_log() { # LOG: what was written to it since mark_log
  if [ "$1" != - ] && [ -f "$1" ]; then
    if [ "$(stat -L -c %s -- "$1")" -lt "$log_size" ]; then log_size=0; fi
    tail -c "+$((log_size + 1))" -- "$1"
  fi
}

nova_log() { # UNIT LOG: what nova-compute and systemd said since mark_log
  file_log "$2"
  journalctl -q --no-pager -o cat -u "$1" --since "@$log_since" 2>/dev/null </dev/null
}

mark_log() { # LOG
  log_size=0 log_since=$(date +%s)
  if [ "$1" != - ] && [ -f "$1" ]; then log_size=$(stat -L -c %s -- "$1"); fi
}

# "systemctl restart" succeeds when Nova refuses its configuration, and "is-active" lies for a second more. Believed is
# only: Nova's own word, from after the restart, that it is past its checks, and the same process for a while after that.
# Only where the configuration hides that word, or whose it is (no EVIDENCE), a time of one process without a further error
# is taken instead.
restart_nova() { # UNIT LOG EXPECTED-MB SECONDS EVIDENCE STABLE-SECONDS
  event restarting "$1"
  # systemd starts nothing that it started five times within ten seconds, which a service that keeps dying soon was.
  systemctl reset-failed "$1" 2>/dev/null </dev/null
  mark_log "$2"
  restarts=$(property "$1" NRestarts) restarts=\${restarts:-0} errors=''
  timeout 180 systemctl restart "$1" </dev/null || :
  deadline=$(($(date +%s) + $4)) process='' since=0 proved=0 stopped=0 announced=0
  while :; do
    now=$(date +%s)
    state=$(property "$1" ActiveState) current=$(property "$1" MainPID) again=$(property "$1" NRestarts)
    case $state in
      active | activating | reloading) stopped=0 ;;
      *) stopped=$((stopped + 1)) ;;
    esac
    [ "$stopped" -lt 3 ] || { event unhealthy "$1 stopped right after its start"; return 1; }
    [ "$((\${again:-0} - restarts))" -lt 3 ] || { event unhealthy "$1 keeps dying and being restarted"; return 1; }
    if [ "$current" != "$process" ]; then process=$current since=$now proved=0 errors=''; fi
    if [ "$state" = active ] && [ "\${process:-0}" != 0 ]; then
      process_log "$1" "$2" "$process" | tail -c 4000000 >"$work/log"
      if [ "$3" != - ] && grep -q 'Final resource view' "$work/log" && ! grep 'Final resource view' "$work/log" | tail -n 1 | grep -q "phys_ram=$3MB"; then
        event unhealthy "$1 came up with another amount of memory than $3 MB"; return 1
      fi
      if [ -z "$5" ]; then
        [ -s "$work/log" ] || nova_log "$1" "$2" | tail -c 4000000 >"$work/log"
        now_errors=$(grep -c -E ' (ERROR|CRITICAL) ' "$work/log")
        [ "$now_errors" = "$errors" ] || errors=$now_errors proved=$now
      elif [ "$proved" = 0 ] && grep -q -E "$5" "$work/log"; then
        proved=$now
      fi
      if [ "$proved" != 0 ] && [ "$((now - proved))" -ge "$6" ]; then return 0; fi
    fi
    if [ "$now" -ge "$deadline" ]; then event unhealthy "$1 did not come up within $4 s"; return 1; fi
    if [ "$announced" = 0 ] && [ "$((now - since))" -ge 10 ]; then announced=1; event slow "$1"; fi
    sleep 0.5
  done
}

# What one start of a unit said, and nobody before it: in a file the lines with the number of one of its processes, which
# oslo.log's formats have unless they were changed; in the journal all of that start, since nothing in a line need tell.
process_log() { # UNIT LOG PID
  group=$(property "$1" ControlGroup)
  numbers=$3$([ -z "$group" ] || cat "/sys/fs/cgroup$group/cgroup.procs" "/sys/fs/cgroup/systemd$group/cgroup.procs" 2>/dev/null | sed 's/^/|/' | tr -d '\\n')
  file_log "$2" | awk -v line="(^|[^0-9])($numbers)([^0-9]|$)" '$0 ~ line'
  invocation=$(property "$1" InvocationID)
  [ -z "$invocation" ] || journalctl -q --no-pager -o cat "_SYSTEMD_INVOCATION_ID=$invocation" 2>/dev/null </dev/null
}

say_log() { # UNIT LOG
  event log "$(nova_log "$1" "$2" | grep -E ' (ERROR|CRITICAL) |Error|Exception|error:' | tail -c 24000 | base64 | tr -d '\\n')"
}
`;

/** What tells one apply from others. */
export interface ApplyName {
  /** Of its folder and unit on the host. */
  id: string;
  /** Marks the lines of its log that are events. */
  nonce: string;
}

/** What an apply's script is called with when systemd had to end it. */
const overdueWord = "overdue";

/**
 * Beginning of an apply's script. systemd ends the unit when its time is over, with whatever hangs in it, which is as if it
 * were cut there; what is left to do then is to say so.
 */
export const whenOverdue = `
if [ "\${1-}" = ${overdueWord} ]; then
  [ -e "$home/status" ] || { printf '\\n%s finished ${overdueWord}\\n' "$nonce" >>"$home/log"; echo ${overdueWord} >"$home/status"; }
  exit 0
fi
`;

/**
 * Starts an apply as a transient unit, unless it was started already, and follows its log until it has a status. The
 * same script resumes after a lost link; should the apply be over and forgotten by then, it runs again and finds, by
 * the hashes it expects, that there is nothing left for it.
 *
 * @param seconds after which systemd ends it.
 */
export function launchScript({ id, nonce }: ApplyName, script: string, seconds: number): string {
  const home = `${applyDirectory}/${id}`;
  return `
event() { printf '\\n%s %s\\n' ${nonce} "$*"; }
${unnamedFiles}
make_home() { # Others that end take empty folders away at the same moment.
  tries=0
  until mkdir -p ${home}.new 2>/dev/null; do tries=$((tries + 1)); [ "$tries" -lt 100 ] || break; done
  [ -d ${home}.new ] || mkdir -p ${home}.new
}
give_up() { rm -rf ${home} ${home}.new; rmdir ${applyDirectory} ${stateDirectory} 2>/dev/null; exit "$1"; }
if [ ! -d ${home} ]; then
  umask 077
  rm -rf ${home}.new && make_home && base64 -d >${home}.new/script <<'END' && : >${home}.new/log && head -c 16384 /dev/zero >${home}.new/reserve && mv ${home}.new ${home} || give_up 71
${Buffer.from(script, "latin1").toString("base64")}
END
  systemd-run --quiet --collect --unit=hostmem-apply-${id} --description="pulumi-hostmem apply" -p RuntimeMaxSec=${seconds} -p TimeoutStopSec=30 \\
    -p 'ExecStopPost=/bin/sh -c "[ $SERVICE_RESULT != timeout ] || exec /bin/sh ${home}/script ${overdueWord}"' /bin/sh ${home}/script </dev/null || give_up 72
fi
# A follower whose client is gone may live on for long; the folder is the business of the latest one.
echo $$ 2>/dev/null >${home}/follower || { rm -f ${home}/reserve; echo $$ >${home}/follower; }
said=0
idle=0
answer=0
while [ "$(cat ${home}/follower 2>/dev/null)" = $$ ]; do
  ended=0; [ -e ${home}/status ] && ended=1
  if [ "$ended" = 0 ]; then
    state=$(systemctl is-active hostmem-apply-${id}.service 2>/dev/null </dev/null)
    # 3 and 4: systemd knows that it does not run, unless it is about to end it; anything else: it cannot be asked just now.
    answer=$?
    [ "$state" != deactivating ] || answer=0
    case $answer in 0) idle=0 ;; 3 | 4) idle=$((idle + 5)) ;; *) idle=$((idle + 1)) ;; esac
  fi
  size=$(stat -c %s ${home}/log)
  if [ "$size" -gt "$said" ]; then tail -c "+$((said + 1))" ${home}/log | head -c "$((size - said))"; said=$size; fi
  [ "$ended" = 0 ] || break
  [ "$idle" -lt 20 ] || break
  sleep 0.1
done
# One that was cut is over as well.
if [ "$(cat ${home}/follower 2>/dev/null)" = $$ ] && { [ -e ${home}/status ] || [ "$answer" -ge 3 ]; }; then drop_unnamed ${home}; rm -rf ${home} /run/hostmem.${id}; flock -n ${lockPath} rmdir ${stateDirectory}/objects 2>/dev/null; rmdir ${applyDirectory} ${stateDirectory} 2>/dev/null || :; fi
`;
}
