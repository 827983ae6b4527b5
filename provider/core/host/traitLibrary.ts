import { traitsDirectory } from "./paths";

/** How the program ends where the host does not have the trait that it is asked for. */
const hasNot = 3;

/**
 * Looks for, sets or removes one trait of this host in placement, with Nova's own configuration and credentials, which never leave the
 * host: by Nova's own adapter (nova.utils.get_ksa_adapter), in the interpreter, the root and with the environment of nova-compute.
 *
 * A compute node's provider has the UUID in compute_id (Nova >= 27), or else libvirt's name of the host. Traits that Nova
 * does not set itself stay as they are, see ResourceTracker._get_traits; between reading and writing somebody may
 * have changed them, which placement answers with 409.
 */
const program = `import os, sys
action, trait, *args = sys.argv[1:]
# What libraries quote of a configuration may have passwords in it.
sys.excepthook = lambda kind, error, trace: print(error if issubclass(kind, ImportError) else kind.__name__, file=sys.stderr)
# Of nova-compute: options, credentials among them, may be there (OS_GROUP__OPTION), and which certificates and proxies count.
with open(4, "rb") as environment:
    os.environb.update(each.split(b"=", 1) for each in environment.read().split(b"\\0") if each.find(b"=") > 0)
from nova import config
import nova.conf
try:
    config.parse_args(["nova-compute"] + args, init_rpc=False, configure_db=False)
except TypeError:
    config.parse_args(["nova-compute"] + args, init_rpc=False)
from nova import utils
placement = utils.get_ksa_adapter("placement")
def ask(method, path, **more):
    return getattr(placement, method)(path, headers={"OpenStack-API-Version": "placement 1.6"}, raise_exc=False, **more)
uuid_file = os.path.join(nova.conf.CONF.state_path, "compute_id")
if os.path.exists(uuid_file):
    query = "uuid=" + open(uuid_file).read().strip()
else:
    import libvirt
    query = "name=" + libvirt.openReadOnly("qemu:///system").getHostname()
found = ask("get", "/resource_providers?" + query)
if found.status_code != 200 or not found.json()["resource_providers"]:
    sys.exit("placement knows no provider with %s (%s)" % (query, found.status_code))
path = "/resource_providers/%s/traits" % found.json()["resource_providers"][0]["uuid"]
for attempt in range(10):
    present = ask("get", path).json()
    if action == "has":
        sys.exit(0 if trait in present["traits"] else ${hasNot})
    wanted = sorted(set(present["traits"]) - {trait} | ({trait} if action == "add" else set()))
    if wanted == sorted(present["traits"]):
        sys.exit(0)
    if action == "add":
        ask("put", "/traits/" + trait)
    answer = ask("put", path, json={"resource_provider_generation": present["resource_provider_generation"], "traits": wanted})
    if answer.status_code == 200:
        sys.exit(0)
    if answer.status_code != 409:
        break
sys.exit("placement answers %s: %s" % (answer.status_code, " ".join(answer.text.split())[:200]))
`;

/** What a PageSizePolicy does in placement. */
export const traitLibrary = `
# What a process says of itself is its user's word, and nothing that root would run.
as_nova() { # COMMAND...
  case $root:$user in
    :root | :0) timeout 120 "$@" ;;
    :*) timeout 120 setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@" ;;
    *) timeout 120 chroot --userspec="$(id -u "$user"):$(id -g "$user")" --groups="$(id -G "$user" | tr ' ' ,)" "$root" "$@" ;;
  esac
}

placement_trait() { # ACTION TRAIT UNIT NOVA-ARGUMENT...
  python='' environment=/dev/null action=$1 trait=$2 process=$(property "$3" MainPID) user=$(property "$3" User) root=$(property "$3" RootDirectory); shift 3
  user=\${user:-root} root=\${root%/}
  [ ! -r "/proc/\${process:-0}/environ" ] || environment=/proc/$process/environ
  if [ "\${process:-0}" != 0 ]; then python=$(tr '\\0' '\\n' <"/proc/$process/cmdline" | head -n 1); fi
  # A process knows its root best: by that link, also what is mounted there for it alone.
  if [ -n "$root" ] && [ "\${process:-0}" != 0 ]; then root=/proc/$process/root; fi
  case $python in */python*) ;; *) python=python3 ;; esac
  as_nova "$python" - "$action" "$trait" "$@" 4<"$environment" <<'PYTHON' >"$work/placement" 2>&1
${program}PYTHON
  answer=$?
  [ "$answer" = 0 ] || why=$(tail -c 4096 "$work/placement" | tail -n 1 | head -c 300)
  [ "$answer" != 124 ] || why="no answer within 120 s"
  return "$answer"
}

notes=${traitsDirectory}
# Before the trait is ours, and once: it stays afterwards on a host that had it.
note_trait() { # TRAIT UNIT NOVA-ARGUMENT...
  [ ! -e "$notes/$1" ] || return 0
  if placement_trait has "$@"; then before=there
  elif [ "$answer" = ${hasNot} ]; then before=missing
  else event did "cannot find out whether the host has the trait $1 already: $why"; return 0; fi
  mkdir -p -- "$notes" && echo "$before" >"$work/before" && replace "$notes/$1" "$work/before"
}

set_trait() { # TRAIT UNIT NOVA-ARGUMENT...
  placement_trait add "$@" || { event failed "cannot set the trait $1: $why"; return 1; }
  event did "set the trait $1 in placement"
}

left_trait() { # TRAIT WHY
  event did "left the trait $1 in placement: $2. Remove it with \\"openstack resource provider trait set\\" and all the others' names; \\"trait delete\\" takes those away, too"
}

# The host is as it was; that placement was away must not keep it from being so.
remove_trait() { # TRAIT UNIT NOVA-ARGUMENT...
  case $(cat "$notes/$1" 2>/dev/null) in
    there) event did "left the trait $1 in placement, where the host had it before" ;;
    missing) if placement_trait remove "$@"; then event did "removed the trait $1 from placement"; else left_trait "$1" "$why"; fi ;;
    *)
      if placement_trait has "$@"; then left_trait "$1" "the host may have had it before, which could not be found out then"
      elif [ "$answer" != ${hasNot} ]; then left_trait "$1" "$why"; fi ;;
  esac
  rm -f -- "$notes/$1"; rmdir -- "$notes" 2>/dev/null || :
}
`;
