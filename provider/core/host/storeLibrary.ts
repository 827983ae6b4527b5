import { boundedTools } from "./boundedTools";
import { deviceChecks } from "./deviceChecks";

/**
 * What a BackingStore does on a host. Each function proves under the lock that it may still do what was planned: the
 * device that a plan saw blank may have been taken since.
 */
export const storeLibrary = `${boundedTools(["blkid", "wipefs", "lsblk", "partx"])}${deviceChecks}
# mkfs.xfs marks what it has not finished (sb_inprogress); no kernel mounts that, so nothing can be in it.
is_unfinished() { # DEVICE
  [ "$(head -c 4 -- "$1" | tr -d '\\0')" = XFSB ] && [ "$(od -An -t u1 -j 126 -N 1 -- "$1" | tr -d ' ')" = 1 ]
}

# Nothing at all, nobody who has it open, and, where a user consented to lose what is there, exactly that. What a cut run
# of ours left before it was whole counts as nothing.
device_is() { # DEVICE CONTENT-OR-EMPTY UUID
  real=$(readlink -f -- "$1") && [ -b "$real" ] || { event failed "$1 is gone"; return 1; }
  [ -z "$(lsblk -nro MOUNTPOINT -- "$real" | sed '/^$/d')" ] || { event failed "$1 is mounted"; return 1; }
  busy=$(why_busy "$real" | head -n 1)
  [ -z "$busy" ] || { event failed "$1 is in use: $busy"; return 1; }
  [ "$(blockdev --getro "$real" 2>/dev/null)" != 1 ] || { event failed "$1 is read-only"; return 1; }
  now=$(content_of "$real")
  case $now in "unknown "*) event failed "nobody can say what is on $1: \${now#unknown }"; return 1 ;; esac
  now=\${now#content }
  if [ "$now" = "xfs UUID=$3" ] && is_unfinished "$real"; then return 0; fi
  [ "$now" = "$2" ] && return 0
  if [ -z "$2" ]; then event failed "$1 is not blank any more: it holds $now"
  else event failed "$1 holds \${now:-nothing}, and not $2 as consented"; fi
  return 1
}

# Each of these keeps room to itself, rmapbt some 2 %, and is of no use here. Some are on by default, by release; an old
# mkfs.xfs refuses the names that it does not know.
xfs_without() { # FEATURE...
  usage=$(bounded mkfs.xfs 2>&1 || :)
  for feature; do
    case $usage in *"$feature=0|1"*) printf ',%s=0' "$feature" ;; esac
  done
}

make_file_system() { # TYPE DEVICE UUID CONTENT-OR-EMPTY
  device_is "$2" "$4" "$3" || return 1
  # Behind the same link there may be another disk than when the file system of this name was made.
  other=$(blkid -U "$3" 2>/dev/null)
  if [ -n "$other" ] && [ "$(readlink -f -- "$other")" != "$real" ] && [ "$(blkid -p -s UUID -o value -- "$other" 2>/dev/null)" = "$3" ]; then
    event failed "$other holds the file system that was made by the name of $2: the names of these disks have changed"
    return 1
  fi
  if [ -n "$now" ]; then
    wipefs --all -- "$real" || return 1
    # wipefs asks the kernel to forget the partitions as well, which not every kind of disk does.
    partx --delete -- "$real" 2>/dev/null
    udevadm settle --timeout=10 2>/dev/null
    left=$(wipefs --no-act --noheadings --output TYPE -- "$real") && [ -z "$left" ] || { event failed "$2 still holds $left"; return 1; }
  fi
  case $1 in
    # QEMU is not root: no reserve for root. Few, large files: few inodes.
    # DAX needs blocks of the size of a page, and mkfs.ext4 takes smaller ones for a small device.
    ext4)
      block=
      [ "$(cat "/sys/class/block/\${real##*/}/queue/dax" 2>/dev/null)" != 1 ] || block=-b$(getconf PAGESIZE)
      mkfs.ext4 -q -m 0 -i 1048576 \${block:+"$block"} -U "$3" -- "$real"
      ;;
    xfs) mkfs.xfs -q -m "uuid=$3$(xfs_without reflink rmapbt)" -- "$real" ;;
    *) return 1 ;;
  esac || return 1
  sync -- "$real"
  udevadm settle --timeout=10 2>/dev/null
  event did "made $1 on $2"
}

is_free() { # PATH: nothing that a mount would cover
  [ ! -e "$1" ] && return 0
  [ -d "$1" ] || { event failed "$1 is no directory"; return 1; }
  if mountpoint -q -- "$1"; then event failed "something is mounted at $1"; return 1; fi
  [ -z "$(ls -A -- "$1")" ] || { event failed "$1 is not empty, a mount would cover what is in it"; return 1; }
}

make_mount_point() { # PATH [theirs]
  # QEMU is not root and has to pass through.
  (umask 022 && mkdir -p -- "$1") && is_free "$1" || return 1
  # Without its disk nobody shall fill the root file system instead. Not every file system can.
  [ -n "\${2-}" ] || chattr +i -- "$1" 2>/dev/null || :
}

mount_store() { # PATH UUID-OR-EMPTY DEVICE-OR-EMPTY [dax]
  systemctl daemon-reload </dev/null
  mounted=
  if ! mountpoint -q -- "$1"; then
    # What libvirt made of the directory holds for what is mounted on it, SELinux's label too. Set where nobody sees it
    # yet: a store that is mounted at its place is finished, wherever this is cut. A tmpfs has to be there to be given to
    # anybody.
    owner=$(stat -c '%u:%g' -- "$1") mode=$(stat -c %a -- "$1")
    # Where a device cannot do DAX, xfs is mounted without: what counts is what the kernel made of the options.
    verify=:
    [ -z "\${4-}" ] || verify='case ,$(findmnt -nro FS-OPTIONS -M "$1" | tail -n 1), in *,dax,* | *,dax=always,*) ;; *) echo "the kernel has turned DAX off" >&2; false ;; esac'
    give='mount -- "$1" && { '"$verify"'; } && chown "$2" -- "$1" && chmod "$3" -- "$1" && { ! command -v restorecon >/dev/null || restorecon -- "$1"; }'
    if [ -n "$2" ]; then unshare --mount sh -c "$give" sh "$1" "$owner" "$mode" && mount -- "$1" || return 1
    else sh -c "$give" sh "$1" "$owner" "$mode" || return 1; fi
    mounted=yes
    event did "mounted $1"
  fi
  if [ -n "$3" ] && [ "$(mountpoint -d -- "$1")" != "$(mountpoint -x -- "$(readlink -f -- "$3")")" ]; then
    [ -z "$mounted" ] || umount -- "$1"
    event failed "what $1 is mounted from by /etc/fstab is not $3: two devices have the same UUID, or their names have changed"
    return 1
  fi
}

# What is on top there, by its UUID, whatever its disk is called by now. Of a disk that died nothing more can be read.
is_store() { # PATH UUID-OR-EMPTY DEVICE-OR-EMPTY
  number=$(mountpoint -d -- "$1")
  if [ -z "$2" ]; then [ "$(stat -f -c %T -- "$1")" = tmpfs ]; return; fi
  for node in "$(readlink -f -- "$3")" "/dev/block/$number" "$(findmnt -nro SOURCE -M "$1" | tail -n 1)"; do
    [ -b "$node" ] && [ "$(mountpoint -x -- "$node")" = "$number" ] || continue
    [ "$(blkid -p -s UUID -o value -- "$node" 2>/dev/null)" = "$2" ]
    return
  done
  case $number in 0:*) return 1 ;; esac # no disk ever
  [ ! -e "/sys/dev/block/$number" ]
}

unmount_store() { # PATH UUID-OR-EMPTY DEVICE-OR-EMPTY
  if mountpoint -q -- "$1"; then
    if ! is_store "$@"; then
      event did "leaves what is mounted at $1: it is not the store"
      return 0
    fi
    umount -- "$1" || return 1
    event did "unmounted $1"
  fi
  chattr -i -- "$1" 2>/dev/null || :
}

remove_mount_point() { # PATH TOPMOST-DIRECTORY-MADE
  directory=$1
  while :; do
    case $directory/ in "$2"/*) ;; *) break ;; esac
    rmdir -- "$directory" 2>/dev/null || [ ! -e "$directory" ] || break
    directory=\${directory%/*}
  done
}

# A boot without the store leaves libvirt refused by its own assertion, and its socket in failure after some tries.
# nova-compute has ended then, too, with a success that systemd does not restart.
start_refused() { # UNIT [NOVA-UNIT]
  asked=$(property "$1" AssertTimestampMonotonic)
  [ "\${asked:-0}" != 0 ] && [ "$(property "$1" AssertResult)" = no ] || return 0
  sockets=$(libvirt_sockets "$1")
  systemctl reset-failed "$1" $sockets 2>/dev/null </dev/null
  [ -z "\${2-}" ] || systemctl reset-failed "$2" 2>/dev/null </dev/null
  wanted=
  for unit in $sockets "$1" \${2-}; do
    case $(systemctl is-enabled "$unit" 2>/dev/null </dev/null) in enabled*) wanted="$wanted $unit" ;; esac
  done
  # Behind its socket alone it would go on being one that was refused.
  case "$wanted " in *" $1 "*) ;; *" \${1%.service}"[.-]*) wanted="$wanted $1" ;; esac
  # All at once: cut in between, nothing would tell any more that nova-compute is missing. It is ordered after libvirt.
  if [ -n "$wanted" ] && ! timeout 180 systemctl start $wanted </dev/null; then
    for unit in $wanted; do systemctl -q is-active "$unit" </dev/null || { event failed "$unit does not start"; return 1; }; done
  fi
  event did "started $1, which had waited for its store"
}

grow_store() { # TYPE PATH
  case $1 in
    ext4) resize2fs "$(findmnt -nro SOURCE -M "$2")" ;;
    xfs) xfs_growfs "$2" ;;
    *) return 1 ;;
  esac && event did "grew $2"
}

resize_tmpfs() { # PATH, with its size in fstab
  mount -o remount -- "$1" && event did "resized $1"
}

# By inode and name, as the kernel lists what a process has mapped: a path looks different from within a container, and
# some file systems (btrfs, overlay) list another device than stat does.
remove_orphan() { # FILE
  [ -e "$1" ] || return 0
  if cat /proc/[0-9]*/maps 2>/dev/null | awk -v inode="$(stat -c %i -- "$1")" -v name="/\${1##*/}" '
    { sub(/ \\(deleted\\)$/, "") }
    $5 == inode && substr($0, length($0) - length(name) + 1) == name { found = 1 }
    END { exit !found }'; then
    event failed "$1 is in use"
    return 1
  fi
  rm -f -- "$1" || return 1
  rmdir -- "\${1%/*}" 2>/dev/null
  event did "removed $1"
}

# Readable for all from the first moment, without a chmod that a cut could leave out.
write_public() { # PATH, and its content as base64 on standard input
  base64 -d >"$work/public" && (umask 022 && mkdir -p -- "\${1%/*}" && replace "$1" "$work/public")
}

# One that we made, unless somebody has something in it by now.
remove_folder() { # PATH
  rmdir -- "$1" 2>/dev/null || :
}

remove_public() { # PATH
  rm -f -- "$1" && sync -- "\${1%/*}"
}
`;
