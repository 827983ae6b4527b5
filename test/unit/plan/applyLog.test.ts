import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { activationLibrary } from "../../../provider/core/host/library";
import { fileBackedMemoryConfig } from "../../../provider/core/kinds/fileBackedMemoryConfig";
import { applyError } from "../../../provider/core/plan/apply";
import { ApplyLogReader, leavesTraces, novaSentence } from "../../../provider/core/plan/applyLog";
import { fixturesFolder } from "../../support/facts/fixture";
import { DescribedHost } from "../../support/plans/describedHost";
import { readArgs } from "../../support/plans/planCase";

const nonce = "0123456789abcdef0123456789abcdef";
const log = [
  `${nonce} waiting other/prod/memory, pid 1`,
  "output of some tool",
  `x${nonce} moved /etc/forged`,
  `${nonce} begun`,
  `${nonce} host-id 4f1c`,
  `${nonce} doing write /etc/nova/nova.conf`,
  `${nonce} edited /etc/nova/nova.conf`,
  `${nonce} restarting nova-compute.service`,
  `${nonce} slow nova-compute.service`,
  `${nonce} unhealthy nova-compute.service stopped right after its start`,
  `${nonce} log ${Buffer.from("Größe: ERROR x").toString("base64")}`,
  `${nonce} kept /etc/nova/nova.conf`,
  `${nonce} unhealthy nova-compute.service did not come up within 300 s`,
  `${nonce} finished unhealthy`,
  "",
].join("\n");

function read(pieces: string[]) {
  const progress: string[] = [];
  const reader = new ApplyLogReader(nonce, (message) => progress.push(message));
  for (const piece of pieces) reader.push(piece);
  return { report: reader.report, progress };
}

describe("the log of an apply", () => {
  it("is read the same, wherever its pieces end", () => {
    const whole = read([log]);
    assert.deepEqual(whole.report, {
      status: "unhealthy",
      begun: true,
      hostId: "4f1c",
      doing: "write /etc/nova/nova.conf",
      moved: undefined,
      holder: undefined,
      reason: "nova-compute.service stopped right after its start",
      log: "Größe: ERROR x",
      kept: ["/etc/nova/nova.conf"],
    });
    for (let at = 1; at < log.length; at++) assert.deepEqual(read([log.slice(0, at), log.slice(at)]), whole);
    assert.deepEqual(read([...log]), whole);
  });

  it("has no status but those that there are", () => {
    assert.equal(read([`${nonce} finished\n${nonce} finished wonderfully\n`]).report.status, undefined);
    assert.equal(read([`${nonce} finished moved\n`]).report.status, "moved");
  });

  it("tells the user what happens as it happens", () => {
    assert.deepEqual(read([log]).progress, [
      "waits for the lock held by other/prod/memory, pid 1",
      "wrote /etc/nova/nova.conf",
      "restarts nova-compute.service",
      "nova-compute.service takes its time to start; waits",
      "nova-compute.service stopped right after its start; takes the change back",
      "nova-compute.service did not come up within 300 s",
    ]);
  });

  it("that is cut has no status", () => {
    const cut = read([log.slice(0, log.lastIndexOf("unhealthy\n") + 3)]);
    assert.equal(cut.report.status, undefined);
  });

  it("of a host that moved, or that another apply holds, says so and that nothing was changed", () => {
    const moved = applyError("c1", read([`${nonce} moved /etc/x\n${nonce} finished moved\n`]).report);
    assert.equal(moved.message, "[c1] /etc/x changed while the plan was made\n  Preview again. Nothing was changed.");
    assert.equal(leavesTraces(moved.report), false);
    const busy = applyError("c1", read([`${nonce} busy a/b/c, pid 7\n${nonce} finished busy\n`]).report);
    assert.match(busy.message, /^\[c1\] another apply holds this host: a\/b\/c, pid 7\n/);
  });

  it("of a change that was taken back only in part keeps the resource in state and names what was left", () => {
    const text = log.replace("finished unhealthy", "finished rolled-back");
    const error = applyError("c1", read([text]).report);
    assert.equal(leavesTraces(error.report), true);
    assert.match(error.message, /taken back in part[\s\S]*left: \/etc\/nova\/nova\.conf/);
    const whole = applyError("c1", read([text.replace(/^.*kept.*\n/m, "")]).report);
    assert.equal(leavesTraces(whole.report), false);
    assert.match(whole.message, /the change was taken back and the services run as before/);
  });
});

/** What `say_log` picks from a log, by the real shell text. */
function picked(name: string): string {
  const file = join(fixturesFolder, "novaLogs", `${name}.log`);
  const script = `nonce=n home=/nowhere\nevent() { printf '%s\\n' "$2"; }\n${activationLibrary}
    nova_log() { cat -- "${file}"; }\nsay_log nova-compute.service -`;
  const done = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  assert.equal(done.stderr, "");
  return Buffer.from(done.stdout, "base64").toString("utf8");
}

describe("Nova's own sentence, from logs of a real nova-compute", () => {
  const sentences = {
    ratio: "InternalError: Running Nova with file_backed_memory requires ram_allocation_ratio configured to 1.0",
    reserved:
      "InternalError: '[libvirt] file_backed_memory', which represents total memory reported to placement, must be greater than reserved memory configured via '[DEFAULT] reserved_host_memory_mb'",
    "virt-type": "libvirtError: no connection driver available for lxc:///",
    unparsable: "ParseError: at /etc/nova/nova-compute.conf:12, Invalid section (must end with ]): '[libvirt'",
    "bad-value":
      "ConfigFileValueError: Value for option file_backed_memory from LocationInfo(location=<Locations.user: (4, True)>, detail='/etc/nova/nova-compute.conf') is not valid: invalid literal for int() with base 10: '1 TiB'",
  };
  for (const [name, sentence] of Object.entries(sentences)) {
    it(`is found where it refuses: ${name.replace("-", " ")}`, () => {
      assert.equal(novaSentence(picked(name)), sentence);
    });
  }

  it("is not there after a healthy start", () => {
    assert.equal(novaSentence(picked("healthy")), undefined);
  });

  it("is the first error line where no exception is named, and nothing where there is no error", () => {
    assert.equal(novaSentence("a\n2026-11-21 12:05:54.438 1611 ERROR nova [req-1] it is broken\n"), "it is broken");
    assert.equal(novaSentence("INFO all is well"), undefined);
  });
});

describe("Nova's own sentence, where it quotes its configuration", () => {
  const at = "ParseError: at /etc/nova/nova.conf:7,";
  for (const [name, line, shown] of [
    [
      "a line that continues nothing",
      `${at} Unexpected continuation line: 'password = S3CRET'`,
      `${at} Unexpected continuation line: 'password'`,
    ],
    ["the end of a value", `${at} Unexpected continuation line: 'S3CRET'`, `${at} Unexpected continuation line`],
    [
      "a line without a sign",
      `${at} No ':' or '=' found in assignment: "transport_url S3CRET"`,
      `${at} No ':' or '=' found in assignment`,
    ],
    [
      "an address with a password in it",
      `${at} No ':' or '=' found in assignment: 'transport_url rabbit://nova:S3CRET@h'`,
      `${at} No ':' or '=' found in assignment`,
    ],
    [
      "an option before any section",
      `${at} Section must be started before assignment: 'metadata_proxy_shared_secret = S3CRET x'`,
      `${at} Section must be started before assignment: 'metadata_proxy_shared_secret'`,
    ],
    [
      "a value of a wrong kind",
      "ConfigFileValueError: Value for option transport_url from LocationInfo(x) is not valid: 'S3CRET S3CRET'",
      "ConfigFileValueError: Value for option transport_url from LocationInfo(x) is not valid: …",
    ],
    [
      "an address",
      "OperationalError: cannot reach mysql+pymysql://nova:S3@CRET@db/nova, retrying",
      "OperationalError: cannot reach mysql+pymysql://…@db/nova, retrying",
    ],
    [
      "several hosts",
      "TransportError: rabbit://a:S3CRET@one:5672,b:S3CRET@two:5672/",
      "TransportError: rabbit://…@two:5672/",
    ],
    ["an assignment", "ValueError: wrong: connection = S3CRET S3CRET", "ValueError: wrong: connection = …"],
    [
      "a dictionary",
      "TypeError: {'user': 'nova', 'password': 'S3CRET', 'x': 'S3CRET'}",
      "TypeError: {'user': 'nova', 'password': …",
    ],
    [
      "no exception",
      "2026-11-21 12:05:54.438 1611 ERROR nova [req-1] refused by amqp://nova:S3CRET@h",
      "refused by amqp://…@h",
    ],
    [
      "a word that is beyond what is shown",
      `ValueError: ${"x ".repeat(290)} amqp://nova:${"S3CRET".repeat(20)}@h`,
      `ValueError: ${"x ".repeat(290)} amqp://`,
    ],
  ] as const) {
    it(`has no secret of it: ${name}`, () => {
      const sentence = novaSentence(line);
      assert.equal(sentence, shown);
      assert.ok(!sentence?.includes("S3CRET"));
    });
  }
});

describe("the advice after a cut or failed apply", () => {
  it("fits an up as well as a destroy", () => {
    const reader = new ApplyLogReader(nonce, () => {});
    reader.push(`${nonce} begun\n${nonce} failed cannot write /etc/fstab\n${nonce} finished failed\n`);
    const { advice = "" } = applyError("host", reader.report);
    assert.match(advice, /^Run the same command again/);
  });
});

describe("the evidence of a start", () => {
  const args = readArgs(fileBackedMemoryConfig as never, { capacity: "1 GiB" });
  const evidenceFor = (nova: string) => {
    const facts = new DescribedHost({ versions: { nova } }).facts();
    const { plan } = fileBackedMemoryConfig.evaluate(args as never, facts, { recorded: undefined, planned: [] });
    const step = plan.steps.find((each) => each.kind === "activate");
    assert.ok(step);
    return step.health.evidence;
  };
  const has = (name: string, pattern: string) =>
    new RegExp(pattern).test(readFileSync(join(fixturesFolder, "novaLogs", `${name}.log`), "utf8"));

  it("is in the log of a healthy start, and in none of a refused one", () => {
    const { pattern } = evidenceFor("26.2.2");
    assert.ok(has("healthy", pattern));
    for (const name of ["ratio", "reserved", "virt-type", "unparsable", "bad-value"])
      assert.ok(!has(name, pattern), name);
  });

  it("is time where a release logs nothing after its checks", () => {
    assert.equal(evidenceFor("19.3.2").stableSeconds, 30);
    assert.ok(evidenceFor("18.3.0").stableSeconds < 30);
  });
});
