import { strict as assert } from "node:assert";
import { activationLibrary } from "../../provider/core/host/library";
import { Sandbox } from "../support/sandbox/sandbox";

/**
 * systemd with libvirt's units, which are files in /run/up while they are up: nothing starts a socket beside its service,
 * a service brings those with it that it wants, and with the first socket those end that are bound to it. A daemon that
 * finds /run/broken fails, and its first socket with it.
 */
const systemctl = `#!/bin/sh
up=/run/up
mkdir -p $up
is_up() { [ -e "$up/$1" ]; }
end() { case $1 in libvirtd.socket) rm -f $up/libvirtd.socket $up/libvirtd-tls.socket $up/libvirtd-tcp.socket ;; *) rm -f "$up/$1" ;; esac; }
start_service() {
  for wanted in libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket; do : >$up/$wanted; done
  if [ -e /run/broken ]; then end libvirtd.socket; exit 1; fi
  : >$up/libvirtd.service
}
verb=$1; shift
echo "$verb $*" >>/run/asked
case $verb in
  is-enabled) grep -qx "$1" /run/enabled && echo enabled || { echo disabled; exit 1; } ;;
  show)
    case $2 in
      LoadState) grep -qx "$4" /run/masked 2>/dev/null && echo masked || echo loaded ;;
      ActiveState) is_up "$4" && echo active || echo failed ;;
      Result) echo exit-code ;;
    esac ;;
  stop) for unit; do end "$unit"; done ;;
  restart) end "$1"; start_service; [ ! -e /run/loses ] || rm $up/libvirtd-tls.socket ;;
  start)
    for unit; do
      case $unit in
        *.socket) is_up "$unit" || ! is_up libvirtd.service || exit 1; [ ! -e "/run/refuses-$unit" ] || exit 1; : >"$up/$unit" ;;
        *) start_service ;;
      esac
    done ;;
esac
`;

const usual = ["libvirtd.service", "libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket"];

describe("the restart of libvirt", function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());

  /** What it said, and the units that are up after it. */
  function restart(up: readonly string[], enabled: readonly string[], script: string): [said: string[], up: string[]] {
    sandbox = new Sandbox();
    sandbox.write("/usr/sbin/systemctl", systemctl, 0o755);
    sandbox.write("/usr/sbin/virsh", "#!/bin/sh\n", 0o755);
    sandbox.write("/run/enabled", enabled.map((unit) => `${unit}\n`).join(""));
    for (const unit of up) sandbox.write(`/run/up/${unit}`, "");
    // Ten seconds go by with every look at the clock.
    const clock = "now=$(($(cat /run/now 2>/dev/null || echo 0) + 10))\necho $now | tee /run/now";
    sandbox.write("/usr/sbin/date", `#!/bin/sh\n${clock}\n`, 0o755);
    const said = sandbox.run(`set -u\nevent() { echo "$*"; }\n${activationLibrary}\n${script}\n`);
    return [said.trim().split("\n"), sandbox.run("ls /run/up").trim().split("\n").sort()];
  }
  const once = "restart_libvirt libvirtd.service";
  const failed = ["restarting libvirtd.service", "unhealthy libvirtd.service did not restart: exit-code"];
  const goingBack = `: >/run/broken; ${once}; rm /run/broken; ${once}`;

  for (const socket of ["libvirtd-tls.socket", "libvirtd-tcp.socket"]) {
    const all = [...usual, socket].sort();

    it(`leaves ${socket} alone where nothing is wrong`, () => {
      assert.deepEqual(restart(all, [], once), [["restarting libvirtd.service"], all]);
      assert.match(sandbox.read("/run/asked")!, /^restart libvirtd\.service$/m);
    });

    it(`brings back ${socket}, which listened before, when it goes back`, () => {
      assert.deepEqual(restart(all, [], goingBack), [[...failed, "restarting libvirtd.service"], all]);
    });

    it(`brings back ${socket}, which is enabled and came down with the others before this apply`, () => {
      assert.deepEqual(restart([], [socket, ...usual], once), [["restarting libvirtd.service"], all]);
    });

    it(`does not start ${socket}, which is enabled and does not listen beside the others`, () => {
      assert.deepEqual(restart(usual, [socket], once), [["restarting libvirtd.service"], [...usual].sort()]);
    });
  }

  it("starts no socket of a daemon that listens by itself", () => {
    const masked = "mkdir -p /run/up; : >/run/up/libvirtd.service; echo libvirtd.socket >/run/masked";
    restart([], ["libvirtd-tls.socket"], `${masked}; ${once}`);
    assert.match(sandbox.read("/run/asked")!, /^restart libvirtd\.service$/m);
    assert.doesNotMatch(sandbox.read("/run/asked")!, /^start/m);
  });

  it("counts as failed while a socket that listened before does not", () => {
    const refusing = goingBack.replace("rm /run/broken", "rm /run/broken; : >/run/refuses-libvirtd-tls.socket");
    const [said] = restart([...usual, "libvirtd-tls.socket"], [], refusing);
    assert.match(said.at(-1)!, /^unhealthy libvirtd\.service did not restart: /);
    sandbox.remove();
    const [late] = restart([...usual, "libvirtd-tls.socket"], [], `: >/run/loses; ${once}`);
    assert.match(late.at(-1)!, /^unhealthy libvirtd-tls\.socket does not answer after its restart/);
  });
});
