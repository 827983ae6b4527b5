/**
 * What a PersistentMemory does on a host. Each function finds its namespace anew, under the lock, by what does not change:
 * the kernel's numbers of namespaces do, with every boot.
 *
 * ndctl(1) sets labels first and writes the block that makes a namespace devdax last, so one that was cut in between has the
 * UUID that we chose for it, and is no devdax when it is enabled. Nothing can be in it: nobody has been told of it. One that
 * is devdax then is whole, and a guest may have got it since, if the cut came after that.
 */
export const pmemLibrary = `
nd_devices=/sys/bus/nd/devices

namespaces_with() { # ATTRIBUTE VALUE
  for namespace in $nd_devices/namespace[0-9]*; do
    [ -e "$namespace/size" ] && [ "$(cat "$namespace/size")" != 0 ] && [ "$(cat "$namespace/$1" 2>/dev/null)" = "$2" ] && echo "\${namespace##*/}"
  done
}

# The nd_dax device that has claimed a namespace: there is one as long as the namespace is devdax and enabled.
dax_of() { # NAMESPACE
  for dax in $nd_devices/dax[0-9]*; do
    [ "$(cat "$dax/namespace" 2>/dev/null)" = "$1" ] && [ -e "$dax/driver" ] && { echo "\${dax##*/}"; return 0; }
  done
  return 1
}

device_of() { # NAMESPACE: dax0.1
  dax=$(dax_of "$1") && ls -d "$nd_devices/$dax"/dax[0-9]* "$nd_devices/$dax"/dax/dax[0-9]* 2>/dev/null | sed -n '1s|.*/||p'
}

# By Nova, libvirt reads its guests' devices from these files; a process that is none of its guests has it open or mapped.
pmem_user() { # DEVICE
  for xml in /run/libvirt/qemu/*.xml /etc/libvirt/qemu/*.xml; do
    [ -f "$xml" ] && grep -qF "<path>/dev/$1</path>" "$xml" && { xml=\${xml##*/}; echo "the guest \${xml%.xml}"; return 0; }
  done
  for process in /proc/[0-9]*; do
    if grep -qE "/dev/$1\\$" "$process/maps" 2>/dev/null || [ -n "$(find "$process/fd" -maxdepth 1 -lname "/dev/$1" 2>/dev/null </dev/null)" ]; then
      read -r command <"$process/comm" 2>/dev/null || continue
      echo "$command (pid \${process##*/})"
      return 0
    fi
  done
}

# Who has a namespace, whatever it is made into. A disabled one has no device, but guests that do not run know it by the
# name that the kernel gives to it, unless that is another one's.
namespace_user() { # NAMESPACE
  device=$(device_of "$1")
  [ -n "$device" ] || [ -e "/dev/dax\${1#namespace}" ] || device=dax\${1#namespace}
  user=\${device:+$(pmem_user "$device")}
  [ -z "$user" ] || { echo "$user"; return 0; }
  for block in $nd_devices/$1/block/* $nd_devices/pfn*/block/* $nd_devices/btt*/block/*; do
    [ -e "$block" ] || continue
    claim=\${block%/block/*}
    [ "\${claim##*/}" = "$1" ] || [ "$(cat "$claim/namespace" 2>/dev/null)" = "$1" ] || continue
    why_busy "/dev/\${block##*/}" | head -n 1
  done
}

# The namespace that the kernel keeps ready for the next one has a UUID before it has a size. ndctl that was cut in between
# leaves it so, and the kernel takes no UUID twice (namespace_update_uuid in drivers/nvdimm/namespace_devs.c), not even for
# the one that has it. A size of zero gives it up; it has no place yet, so nothing is lost.
give_up_seed() { # UUID
  for seed in $nd_devices/namespace[0-9]*; do
    [ "$(cat "$seed/size" 2>/dev/null)" = 0 ] && [ "$(cat "$seed/uuid" 2>/dev/null)" = "$1" ] || continue
    echo 0 >"$seed/size" || return 1
  done
}

create_namespace() { # NAME UUID REGION BYTES ALIGN MAP
  for namespace in $(namespaces_with alt_name "$1"); do
    if [ "$(cat "$nd_devices/$namespace/uuid")" != "$2" ]; then event failed "somebody else has made a namespace $1 meanwhile"; return 1; fi
    # What a run that was cut left of it.
    dax_of "$namespace" >/dev/null || timeout 600 ndctl enable-namespace "$namespace" </dev/null >/dev/null 2>&1 || :
    udevadm settle --timeout=10 2>/dev/null
    if dax_of "$namespace" >/dev/null; then event did "found the namespace $1"; return 0; fi
    user=$(namespace_user "$namespace" | head -n 1)
    [ -z "$user" ] || { event failed "the namespace $1 is in use: $user"; return 1; }
    timeout 600 ndctl destroy-namespace --force "$namespace" </dev/null >/dev/null || return 1
  done
  give_up_seed "$2" || return 1
  timeout 600 ndctl create-namespace --mode=devdax --name="$1" --uuid="$2" --region="$3" --size="$4" --align="$5" --map="$6" </dev/null >/dev/null || return 1
  udevadm settle --timeout=10 2>/dev/null
  event did "created the namespace $1"
}

enable_namespace() { # NAME RAW-UUID
  namespace=$(namespaces_with uuid "$2" | head -n 1)
  [ -n "$namespace" ] || { event failed "the namespace $1 is gone"; return 1; }
  dax_of "$namespace" >/dev/null && return 0
  timeout 600 ndctl enable-namespace "$namespace" </dev/null >/dev/null || return 1
  udevadm settle --timeout=10 2>/dev/null
  dax_of "$namespace" >/dev/null || { event failed "the namespace $1 is enabled, and is no devdax"; return 1; }
  event did "enabled the namespace $1"
}

# Only what was consented to, by the UUID that it got when it was made devdax, or whatever it is.
namespace_may_go() { # NAME RAW-UUID UUID
  namespace=$(namespaces_with uuid "$2" | head -n 1)
  [ -n "$namespace" ] || return 0
  now=$(bounded ndctl list --namespaces --idle --namespace="$namespace" | sed -n 's/^ *"uuid":"\\([^"]*\\)".*/\\1/p' | head -n 1)
  [ "$now" = "$3" ] || { event failed "the namespace $1 has UUID \${now:-unknown}, and not $3 as consented"; return 1; }
  user=$(namespace_user "$namespace" | head -n 1)
  [ -z "$user" ] || { event failed "the namespace $1 is in use: $user"; return 1; }
}

destroy_namespace() { # NAME RAW-UUID UUID
  namespace_may_go "$@" || return 1
  [ -n "$namespace" ] || return 0
  timeout 600 ndctl destroy-namespace --force "$namespace" </dev/null >/dev/null || return 1
  udevadm settle --timeout=10 2>/dev/null
  # ndctl ends well, too, where it found nothing that it could destroy.
  [ -z "$(namespaces_with uuid "$2")" ] || { event failed "the namespace $1 is still there"; return 1; }
  event did "destroyed the namespace $1"
}

# A record names what is only known once the namespace is there: its device.
note_devices() { # RECORD RAW-UUID...
  cat -- "$1" >"$work/noted" || return 1
  record=$1; shift
  for uuid; do
    for namespace in $(namespaces_with uuid "$uuid"); do
      device=$(device_of "$namespace")
      [ -n "$device" ] || continue
      sed "s|\\"of $uuid\\"|\\"$device\\"|" "$work/noted" >"$work/renoted" && mv -f -- "$work/renoted" "$work/noted" || return 1
    done
  done
  replace "$record" "$work/noted"
}
`;
