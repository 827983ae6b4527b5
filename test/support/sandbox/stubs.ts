/**
 * systemd as far as an apply asks it about nova-compute and libvirt. A start reads nova.conf as Nova does in one respect:
 * it refuses 666 MiB, by ending with success right after it has logged why. /run/somebody-else is run at each start.
 */
export const systemctl = `#!/bin/sh
state=/run/unit-state
log=/var/log/nova/nova-compute.log
case $1 in
  is-active) [ -e "/run/pid-of-$2" ] && kill -0 "$(cat "/run/pid-of-$2")" 2>/dev/null && echo active || { echo inactive; exit 3; } ;;
  show)
    case $3 in nova-compute*) unit=nova ;; *) unit=libvirt ;; esac
    [ "$2" = -p ] && { property=$3; unit=$5; [ "$4" = --value ] || unit=$4; }
    case $unit/$property in
      nova-compute.service/ActiveState) cat $state 2>/dev/null || echo active ;;
      nova-compute.service/MainPID) [ "$(cat $state 2>/dev/null || echo active)" = active ] && echo 4242 || echo 0 ;;
      */ActiveState) echo active ;;
      */NRestarts) echo 0 ;;
      */Result) echo success ;;
    esac ;;
  restart)
    echo "$2" >>/run/restarted
    [ "$2" = nova-compute.service ] || exit 0
    mkdir -p /var/log/nova
    if grep -q '^file_backed_memory = 666' /etc/nova/nova.conf; then
      echo inactive >$state
      echo "2026-11-21 12:05:54.438 4242 ERROR oslo_service.service [-] Error starting thread.: nova.exception.InternalError: Running Nova with 666 is refused" >>$log
    else
      echo active >$state
      echo "2026-11-21 12:05:54.438 4242 INFO nova.compute.manager [-] Looking for unclaimed instances stuck in BUILDING status" >>$log
    fi
    [ ! -e /run/somebody-else ] || sh /run/somebody-else ;;
esac
`;

/**
 * Starts a program on its own, as a unit that systemctl knows; or refuses to. Ends it with all of its processes after
 * RuntimeMaxSec, which an administrator may have set anew (/run/runtime-max).
 */
export const systemdRun = `#!/bin/sh
[ ! -e /run/systemd-run-fails ] || exit 1
export SERVICE_RESULT=success after=: limit=infinity
while case $1 in
  --unit=*) unit=\${1#--unit=} ;;
  -p) shift; case $1 in RuntimeMaxSec=*) limit=\${1#*=} ;; ExecStopPost=*) after=\${1#*=} ;; esac ;;
  --*) : ;;
  *) false ;;
esac do shift; done
[ ! -e /run/runtime-max ] || limit=$(cat /run/runtime-max)
echo "$unit" >>/run/started
export unit
setsid sh -c '
  setsid "$@" & main=$!
  setsid sh -c "sleep $limit; touch /run/overdue-$unit; kill -s TERM -- -$main; sleep 0.5; kill -s KILL -- -$main" & clock=$!
  wait $main
  if [ -e /run/overdue-$unit ]; then SERVICE_RESULT=timeout; wait $clock; else kill -s KILL -- -$clock; fi
  eval "$after"' sh "$@" </dev/null >/dev/null 2>&1 &
echo $! >"/run/pid-of-$unit.service"
`;

export const journalctl = `#!/bin/sh
exit 0
`;

/**
 * Stands before a tool and ends every process of the sandbox just before its N-th use of all the tools (/run/cut holds N);
 * for \`cat\` after it has written half.
 */
export function cutting(tool: string): string {
  return `#!/bin/sh
count=$(($(/usr/bin/cat /run/count 2>/dev/null || echo 0) + 1))
echo $count >/run/count
if [ "$count" = "$(/usr/bin/cat /run/cut 2>/dev/null)" ]; then
  [ ${tool} != cat ] || /usr/bin/cat "$@" | /usr/bin/head -c 20
  kill -KILL -1
fi
exec /usr/bin/${tool} "$@"
`;
}

/** Stands before a tool and notes, in their order, which apply used it, and on what. */
export function noting(tool: string): string {
  return `#!/bin/sh
caller=$(tr '\\0' ' ' </proc/$PPID/cmdline | sed -n 's#.*/apply/\\([0-9a-f]*\\)/script.*#\\1#p')
echo "$caller ${tool} $*" >>/run/effects
exec /usr/bin/${tool} "$@"
`;
}

/**
 * Stands before a tool; just before the N-th use of all the tools (/run/edit-at holds N) somebody with an editor, which
 * renames its own file over the old one, adds a line to a file.
 */
export function editing(tool: string, path: string, line: string): string {
  return `#!/bin/sh
count=$(($(/usr/bin/cat /run/count 2>/dev/null || echo 0) + 1))
echo $count >/run/count
if [ "$count" = "$(/usr/bin/cat /run/edit-at 2>/dev/null)" ] && /usr/bin/mkdir /run/edited 2>/dev/null; then
  /usr/bin/cp -p ${path} ${path}.swap && echo '${line}' >>${path}.swap && /usr/bin/mv -f ${path}.swap ${path}
fi
exec /usr/bin/${tool} "$@"
`;
}
