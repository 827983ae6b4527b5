/**
 * Sets or removes one trait of this host in placement, with Nova's own configuration and credentials, which never leave the
 * host: by Nova's own adapter (nova.utils.get_ksa_adapter), in the interpreter and with the environment of nova-compute.
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
as_user() { # COMMAND...
  case \${user:-root} in
    root | 0) "$@" ;;
    *) setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@" ;;
  esac
}

placement_trait() { # ACTION TRAIT UNIT NOVA-ARGUMENT...
  python='' environment=/dev/null action=$1 trait=$2 process=$(property "$3" MainPID) user=$(property "$3" User); shift 3
  [ ! -r "/proc/\${process:-0}/environ" ] || environment=/proc/$process/environ
  if [ "\${process:-0}" != 0 ]; then python=$(tr '\\0' '\\n' <"/proc/$process/cmdline" | head -n 1); fi
  case $python in */python*) ;; *) python=python3 ;; esac
  as_user timeout 120 "$python" - "$action" "$trait" "$@" 4<"$environment" <<'PYTHON' >"$work/placement" 2>&1 && return 0
${program}PYTHON
  why=$(tail -c 4096 "$work/placement" | tail -n 1 | head -c 300)
  return 1
}

set_trait() { # TRAIT UNIT NOVA-ARGUMENT...
  placement_trait add "$@" || { event failed "cannot set the trait $1: $why"; return 1; }
  event did "set the trait $1 in placement"
}

# The host is as it was; that placement was away must not keep it from being so.
remove_trait() { # TRAIT UNIT NOVA-ARGUMENT...
  if placement_trait remove "$@"; then event did "removed the trait $1 from placement"
  else event did "left the trait $1 in placement: $why. Remove it with \\"openstack resource provider trait set\\" and all the others' names; \\"trait delete\\" takes those away, too"; fi
}
`;
