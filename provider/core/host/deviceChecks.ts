/**
 * What a preview and an apply both ask of a block device, in the same words. Opened for reading only, since udev looks at
 * a device anew, and may activate what is on it, when one that was opened for writing is closed; wipefs(8), which does
 * that, is the last resort.
 *
 * `why_busy` prints who has a device, and nothing if nobody has. The kernel refuses an exclusive open for anything that is
 * mounted, assembled, or held by a program that asked for it; QEMU asks for nothing, so every process is looked at, and
 * so are the disks of guests that do not run, and what the kernel itself has open without asking: loop devices over it, and
 * the exports of nvmet and of LIO. udev's own workers come and go.
 *
 * `content_of` prints all that is on a device, as a refusal names it and a consent has to, and nothing for a blank one: file
 * system, partition table with what is in its partitions, every other signature. What no UUID tells from its like has a
 * hash of samples from all over the device. Content that nobody knows (a guest's disk image, a superblock that was
 * overwritten) has that alone: only what is zero in every sample is blank. To read all of a disk would take hours.
 *
 * Or it prints why nobody can say that. blkid, wipefs and partx take what they cannot read, a bad sector where a superblock
 * is, for nothing at all; whatever they know is in the first and last parts. A tool that fails has found nothing, too, and
 * no device is blank for that.
 */
export const deviceChecks = `
why_busy() { # DEVICE
  why=$(why_not_exclusive "$1" | head -n 1)
  if [ -n "$why" ]; then echo "it cannot be opened exclusively ($why)"; return 0; fi
  numbers=" $(numbers_of "$1")"
  find -L /proc/[0-9]*/fd -maxdepth 1 \\( -type b -exec stat -L -c 'b%t:%T %n' {} + -o -type c -exec stat -L -c 'c%t:%T %n' {} + \\) 2>/dev/null </dev/null |
    while read -r number open; do
      case $numbers in *" $number "*) ;; *) continue ;; esac
      process=\${open#/proc/}; process=\${process%%/*}
      read -r command <"/proc/$process/comm" 2>/dev/null || continue
      case $command in *udev*) ;; *) echo "$command (pid $process) has it open"; break ;; esac
    done
  for user in /sys/block/loop*/loop/backing_file /sys/kernel/config/nvmet/subsystems/*/namespaces/*/device_path /sys/kernel/config/target/core/*/*/udev_path; do
    [ -r "$user" ] && IFS= read -r source <"$user" && [ -n "$source" ] || continue
    source=\${source% (deleted)}
    # A node that is not in sight here, a container's, has the kernel's name.
    number=$(stat -L -c 'b%t:%T' -- "$source" 2>/dev/null) || number=$(number_in "/sys/class/block/\${source##*/}" b)
    case $numbers in *" \${number% } "*) ;; *) continue ;; esac
    user=\${user#/sys/block/}; user=\${user#/sys/kernel/config/}
    case $user in
      loop*) echo "the loop device \${user%%/*} is over it" ;;
      *) echo "it is exported by $user" ;;
    esac
  done
  for xml in /run/libvirt/qemu/*.xml /etc/libvirt/qemu/*.xml; do
    [ -f "$xml" ] || continue
    sed -n 's/.*<source \\(dev\\|file\\)=.\\(\\/dev\\/[[:alnum:]_.:+@%\\/-]*\\).*/\\2/p' "$xml" | while IFS= read -r source; do
      [ "$(readlink -f -- "$source")" != "$1" ] || { xml=\${xml##*/}; echo "it is a disk of the guest \${xml%.xml}"; break; }
    done
  done
}

# By which its nodes are known, those of its partitions, and of the disk that it is a partition of, as in b8:1; and, as in
# c15:0, of what sends commands to that disk past all of them.
numbers_of() { # DEVICE
  sys=/sys/class/block/\${1##*/} name=\${1##*/}
  number_in "$sys" b
  for part in "$sys"/*; do [ ! -e "$part/partition" ] || number_in "$part" b; done
  if [ -e "$sys/partition" ]; then sys=$sys/..; name=$(basename -- "$(readlink -f -- "$sys")"); number_in "$sys" b; fi
  for generic in "$sys"/device/scsi_generic/* "$sys"/device/bsg/* "/sys/class/nvme-generic/ng\${name#nvme}"; do number_in "$generic" c; done
}

# A hash of what tells the disk from any other that may once have its name, and of its size; nothing where nothing tells.
identity_of() { # DEVICE
  sys=/sys/class/block/\${1##*/}; disk=$sys
  [ ! -e "$sys/partition" ] || disk=$sys/..
  self=$(for file in wwid serial uid dm/uuid md/uuid loop/backing_file device/wwid device/serial device/vpd_pg80 device/cid \\
    device/uid device/image_id device/cluster_fsid; do
    [ ! -s "$disk/$file" ] || cat -- "$disk/$file"
  done 2>/dev/null | tr -d '\\0 \\n')
  [ -z "$self" ] || printf '%s\\n' "$self" "$(cat "$sys/partition" "$sys/start" "$sys/size" 2>/dev/null)" "$(sed -n 's/^PARTUUID=//p' "$sys/uevent")" |
    sha256sum | cut -c -16
}

number_in() { # FOLDER-OF-SYSFS TYPE
  ! IFS=: read -r major minor 2>/dev/null <"$1/dev" || printf '%s%x:%x ' "$2" "$major" "$minor"
}

why_not_exclusive() { # DEVICE
  if command -v perl >/dev/null 2>&1; then
    perl -e 'sysopen(F, $ARGV[0], 0200) or print "$!\n"' "$1" 2>&1
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import os, sys
try: os.open(sys.argv[1], os.O_EXCL)
except OSError as error: print(error.strerror)' "$1" 2>&1
  else
    wipefs --all --no-act -- "$1" 2>&1 >/dev/null | sed 's/^wipefs: //; s/^error: //'
  fi
}

# What stands for all that is on a part of a device: its first and last 4 MiB, and blocks of 64 KiB evenly between them; all of
# it up to 24 MiB. Says failed on standard error where that cannot be read, or not within two minutes.
samples_of() { # DEVICE FIRST-SECTOR SECTORS BLOCKS
  timeout 120 sh -c 'read_sectors() { dd if="$device" bs=65536 skip="$(($1 * 512))" count="$(($2 * 512))" iflag=skip_bytes,count_bytes 2>/dev/null || exit 1; }
    device=$1 first=$2 sectors=$3 blocks=$4
    if [ "$sectors" -le 49152 ]; then read_sectors "$first" "$sectors"; exit; fi
    read_sectors "$first" 8192
    for block in $(seq "$blocks"); do read_sectors "$((first + 8192 + (sectors - 16384) / blocks * (block - 1)))" 128; done
    read_sectors "$((first + sectors - 8192))" 8192' sh "$@" 3>&- 4>&- || echo failed >&2
}

samples_of_all() { # DEVICE BLOCKS
  sectors=$(blockdev --getsz "$1" 2>/dev/null) && [ -n "$sectors" ] && samples_of "$1" 0 "$sectors" "$2" || echo failed >&2
}

why_unknown() { # DEVICE
  if [ -n "$(samples_of_all "$1" 0 2>&1 >/dev/null)" ]; then echo "$unreadable"; return 0; fi
  blkid -p -- "$1" >/dev/null 2>&1; code=$?
  case $code in
    0 | 2 | 8) ;; # found, nothing found, several found
    *) echo "blkid failed with exit code $code"; return 0 ;;
  esac
  wipefs --no-act -- "$1" >/dev/null 2>&1 || { echo "wipefs failed with exit code $?"; return 0; }
  [ $code != 0 ] || [ -z "$(blkid -p -o value -s PTTYPE -- "$1" 2>/dev/null)" ] || why_partitions_unknown "$1"
}

why_partitions_unknown() { # DEVICE
  listed=$(list_partitions "$1") || { echo "partx failed with exit code $?"; return 0; }
  if printf '%s' "$listed" | grep -q -v -x -E '[0-9]{1,15} [0-9]{1,15} [0-9]{1,15}'; then
    echo "partx prints no list of partitions"
  elif [ -z "$listed" ]; then
    for part in "/sys/class/block/\${1##*/}"/*/partition; do
      [ ! -e "$part" ] || { echo "partx lists no partitions, and the kernel has some"; break; }
    done
  fi
}

list_partitions() { # DEVICE
  partx --raw --noheadings --output NR,START,SECTORS -- "$1" 2>/dev/null
}

# A short hash of what is not zero in samples of a device, or nothing where all is; fails where they cannot be read.
hash_of_samples() { # FUNCTION ARGUMENT...
  sum=$({ "$@" 2>&3 | tr -d '\\0' | sha256sum | cut -c -16; } 3>&1)
  case $sum in
    e3b0c44298fc1c14) ;; # of no bytes at all
    '' | *[!0-9a-f]*) return 1 ;;
    *) echo "$sum" ;;
  esac
}

tag_of() { # NAME, of blkid's output in $found
  printf '%s\n' "$found" | sed -n "s/^$1=//p" | head -n 1
}

known_content() { # DEVICE; fails where it cannot be read
  found=$(blkid -p -o export -- "$1" 2>/dev/null)
  type=$(tag_of TYPE) table=$(tag_of PTTYPE) id=$(tag_of UUID) table_id=$(tag_of PTUUID)
  words=$type\${type:+\${id:+ UUID=$id}}
  if [ -n "$table" ]; then
    parts=$(partitions_of "$1") || return 1
    words="\${words:+$words, }$table\${table_id:+ UUID=$table_id}$parts"
  fi
  others=$(wipefs --no-act --noheadings --output OFFSET,TYPE -- "$1" 2>/dev/null | awk -v known=" $type $table \${table:+PMBR} " '
    index(known, " " $2 " ") == 0 { printf "%s%s at %s", (some++ ? ", " : ""), $2, $1 }')
  words=$words\${others:+\${words:+, }$others}
  case $words in *UUID=*) ;; *)
    sum=$(hash_of_samples samples_of_all "$1" 256) || return 1
    words=\${words:-\${sum:+unknown content}}\${sum:+ sha256:$sum}
  esac
  printf '%s' "$words"
}

partitions_of() { # DEVICE
  list_partitions "$1" | {
    parts=
    while read -r number start sectors; do
      found=$(blkid -p -O "$((start * 512))" -S "$((sectors * 512))" -o export -- "$1" 2>/dev/null)
      type=$(tag_of TYPE) id=$(tag_of UUID)
      if [ -z "$type" ]; then
        sum=$(hash_of_samples samples_of "$1" "$start" "$sectors" 256) || exit 1
        type=\${sum:+unknown content sha256:$sum}
      fi
      parts="\${parts:+$parts, }$number: \${type:-empty}\${id:+ UUID=$id}"
    done
    [ -z "$parts" ] || printf ' (%s)' "$parts"
  }
}

content_of() { # DEVICE: "unknown REASON" or "content CONTENT"
  unreadable="some of it cannot be read"
  unknown=$(why_unknown "$1" | head -n 1)
  [ -n "$unknown" ] || words=$(known_content "$1") || unknown=$unreadable
  if [ -n "$unknown" ]; then echo "unknown $unknown"; else echo "content $words"; fi
}
`;
