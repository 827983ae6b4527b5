import { strict as assert } from "node:assert";
import { activationLibrary } from "../../provider/core/host/library";
import { Sandbox } from "../support/sandbox/sandbox";

const log = "/var/log/nova/nova-compute.log";
const word = "Looking for unclaimed instances";
const line = (process: number | "", text: string) => `2026-11-21 12:05:54.438 ${process} INFO nova [-] ${text}`;

/** nova-compute that is process 10 before a restart and 20 after it, and says at the restart what /run/say has it say. */
const systemctl = `#!/bin/sh
case $1 in
  restart) : >/run/new; sh /run/say ;;
  show)
    case $3 in
      ActiveState) echo active ;;
      MainPID) [ -e /run/new ] && echo 20 || echo 10 ;;
      InvocationID) [ -e /run/new ] && echo bbbb || echo aaaa ;;
      ControlGroup) ;;
      NRestarts) echo 0 ;;
    esac ;;
esac
`;

/** Each line in /run/journal begins with the start of the unit that it is from. */
const journalctl = `#!/bin/sh
for word; do case $word in _SYSTEMD_INVOCATION_ID=*) sed -n "s/^\${word#*=} //p" /run/journal; exit ;; esac; done
sed 's/^[a-z]* //' /run/journal
`;

describe("that Nova came up", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  afterEach(() => sandbox?.remove());

  /** @param evidence empty where it cannot be waited for. */
  function restart(say: string, { toFile = true, evidence = word, expectedMb = "-" } = {}): string {
    sandbox?.remove();
    sandbox = new Sandbox();
    sandbox.write("/usr/sbin/systemctl", systemctl, 0o755);
    sandbox.write("/usr/sbin/journalctl", journalctl, 0o755);
    sandbox.write("/usr/sbin/sleep", "#!/bin/sh\n", 0o755);
    // Two seconds go by with every look at the clock.
    const clock = "now=$(($(cat /run/now 2>/dev/null || echo 0) + 2))\necho $now | tee /run/now";
    sandbox.write("/usr/sbin/date", `#!/bin/sh\n${clock}\n`, 0o755);
    sandbox.write("/run/journal", "");
    sandbox.write("/run/say", say);
    sandbox.write(log, `${line(10, word)}\n`);
    const seconds = evidence === "" ? 30 : 3;
    return sandbox.run(`set -u
event() { echo "$*"; }
work=/run
${activationLibrary}
restart_nova nova-compute.service ${toFile ? log : "-"} ${expectedMb} 100 '${evidence}' ${seconds} && echo healthy
[ -e /run/new ]`);
  }
  const isHealthy = (said: string) => said.split("\n").includes("healthy");
  const logs = (process: number | "", text: string) => `echo '${line(process, text)}' >>${log}\n`;
  const journals = (start: string, text: string) => `echo '${start} ${text}' >>/run/journal\n`;

  it("is believed of the new process", () => {
    assert.ok(isHealthy(restart(logs(20, word))));
    assert.ok(isHealthy(restart(journals("bbbb", word), { toFile: false })));
  });

  it("is not believed of a line that the old process still wrote to the file", () => {
    assert.match(restart(logs(10, word)), /^unhealthy .* did not come up within 100 s$/m);
  });

  it("is not believed of a line that tells no process", () => {
    assert.match(restart(logs("", word)), /^unhealthy .* did not come up within 100 s$/m);
  });

  it("is not believed of what a former start left in the journal, whose lines tell no process", () => {
    assert.match(restart(journals("aaaa", word), { toFile: false }), /^unhealthy .* did not come up within 100 s$/m);
  });

  it("with the right memory is not judged by what the old process said of its own", () => {
    const former = journals("aaaa", "Final resource view: name=x phys_ram=512MB");
    assert.ok(isHealthy(restart(former + journals("bbbb", word), { toFile: false, expectedMb: "1024" })));
    const present = journals("bbbb", "Final resource view: name=x phys_ram=512MB");
    const wrong = restart(present + journals("bbbb", word), { toFile: false, expectedMb: "1024" });
    assert.match(wrong, /another amount of memory than 1024 MB/);
  });

  it("is taken, where nothing can be waited for, from a time without a further error", () => {
    assert.ok(isHealthy(restart(":", { evidence: "" })));
    assert.ok(isHealthy(restart(logs("", "x").replace("INFO", "ERROR"), { evidence: "" })));
    const failing = `while [ ! -e /run/enough ]; do ${logs("", "x").replace("INFO", "ERROR").trim()}; /usr/bin/sleep 0.05; done >/dev/null 2>&1 &`;
    assert.match(restart(failing, { evidence: "" }), /^unhealthy .* did not come up within 100 s$/m);
  });
});
