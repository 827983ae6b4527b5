import { strict as assert } from "node:assert";
import * as fc from "fast-check";
import { withoutSecrets } from "../../../../provider/core/confidential";
import { HostError } from "../../../../provider/core/errors";
import { ApplyLogReader, type ApplyReport, novaSentence } from "../../../../provider/core/plan/applyLog";
import { sanitize } from "../../../../provider/core/readable";
import { beginLine, endMark, FrameParser } from "../../../../provider/core/transport/frame";
import { loginError } from "../../../../provider/core/transport/loginErrors";
import { runError } from "../../../../provider/core/transport/runErrors";
import { lastLine, Tail } from "../../../../provider/core/transport/tail";
import { connection } from "../../../unit/transport/connections";
import { type AnyTarget, target } from "../target";
import { bytes, cuts, inPieces, noise } from "../texts";
import { nonce } from "./output";

const [begin, end] = [beginLine(nonce), endMark(nonce)];
const framePieces = [
  begin,
  end,
  `${end}0`,
  `${end}0\n`,
  `${end}x\n`,
  `${end}999999999999\n`,
  end.slice(0, 9),
  "hostmem ",
  nonce,
];

/** The longest exit code there is, its sign, and the end of the line. */
const longestCode = 12;

function frame(stream: string, at: readonly number[]): { output: string; parser: FrameParser } {
  const parser = new FrameParser(nonce);
  const pieces = inPieces(stream, at).map((piece) => parser.add(Buffer.from(piece, "latin1")).toString("latin1"));
  return { output: pieces.join(""), parser };
}

const events = [
  ...[
    "waiting",
    "busy",
    "moved",
    "begun",
    "host-id",
    "edited",
    "did",
    "restarting",
    "slow",
    "healthy",
    "unhealthy",
    "back",
  ],
  ...["changed", "failed", "kept", "log", "finished", "finished odd", "log !!!", "log R3LDtsOfZQ=="],
].map((event) => `${nonce} ${event} `);
const results = ["applied", "moved", "rolled-back"].map((status) => `\n${nonce} finished ${status}\n`);

function readLog(log: string, at: readonly number[]): { report: ApplyReport; progress: string[] } {
  const progress: string[] = [];
  const reader = new ApplyLogReader(nonce, (message) => progress.push(message));
  for (const piece of inPieces(log, at)) reader.push(piece);
  return { report: reader.report, progress };
}

const statuses = ["applied", "moved", "busy", "failed", "rolled-back", "unhealthy", undefined];

const names = [
  "ValueError",
  "oslo_config.cfg.ConfigFileValueError",
  "InvalidConfiguration",
  "nova.exception.NovaException",
];
const stamp = "2026-11-21 17:00:00.123 4711 ";
const logPieces = [
  ...names.map((name) => `${name}: `),
  ...[
    "Error",
    "Exception",
    ": ",
    "ERROR nova [None req-1 - - - -] ",
    "CRITICAL nova [-] ",
    stamp,
    "\n",
    "Traceback (most",
  ],
  ...["  File x, line 3, in y", "INFO nova.service [-] Starting", "[", "]"],
];

const escapes = [
  "\x1b[",
  "\x1b]0;",
  "\x07",
  "\x1b\\",
  "31m",
  "\u009b",
  "\u009d",
  "\u202e",
  "\u200b",
  "\r",
  "\n",
  "\x1b(",
  "a",
];

const sshPieces = [
  ...[
    "Permission denied (publickey,password).",
    "Host key for ",
    " has changed",
    "ssh: connect to host ",
    " port 22: ",
  ],
  ...[
    "Connection refused",
    "Received disconnect from ",
    ":2: ",
    "Too many authentication failures",
    "No ED25519 host key is known for ",
  ],
  ...[
    "kex_exchange_identification: ",
    "Bad configuration option",
    "ssh: Could not resolve hostname ",
    "sudo: ",
    "\n",
    "x",
  ],
  ...[
    "key sent by the remote host is\n",
    "Certificate invalid: ",
    "ssh_askpass: exec(/a/b): ",
    "a password is required",
  ],
];

/** What is true of everything that arrives from a host in pieces, or is shown to a person. */
export const streamTargets: AnyTarget[] = [
  target({
    name: "frame",
    says: "what a script printed comes out of its frame the same wherever the pieces end, and little is ever held back",
    cases: fc.tuple(noise(framePieces, 12), noise(framePieces.slice(3), 12), fc.nat(255), cuts),
    holds: ([before, inside, code, at]: [string, string, number, number[]], _, saw) => {
      const stream = `${before}${begin}${inside}${end}${code}\nbehind`;
      const whole = frame(stream, []);
      const cut = frame(stream, at);
      assert.deepEqual([cut.output, cut.parser.exitCode], [whole.output, whole.parser.exitCode]);
      // The frame ends at the first mark with a code behind it; whatever else looks like one is output.
      const start = stream.indexOf(begin) + begin.length;
      const match = new RegExp(`${end}(\\d{1,${longestCode - 2}})\\n`).exec(stream.slice(start))!;
      assert.equal(whole.output, stream.slice(start, start + match.index));
      assert.equal(whole.parser.exitCode, Number(match[1]));
      if (match.index < inside.length) saw("a host that ends early");
      if (inside.includes(end)) saw("a mark that is none");

      const endless = frame(`${begin}${inside}${end}${"7".repeat(200)}`, at);
      if (!endless.parser.ended) {
        const held = inside.length + end.length + 200 - endless.output.length;
        assert.ok(held < end.length + longestCode, `${held} bytes are held back`);
      }
    },
    mustSee: ["a host that ends early", "a mark that is none"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "apply-log",
    says: "the log of an apply is read the same wherever its pieces end, and says nothing that it cannot say",
    cases: fc.tuple(noise([...events, ...results, "\n", "\n", nonce, " ", "x"], 20), cuts),
    holds: ([log, at]: [string, number[]], _, saw) => {
      const whole = readLog(log, []);
      assert.deepEqual(readLog(log, at), whole);
      assert.deepEqual(
        readLog(
          log,
          [...log].map((_, index) => index / log.length),
        ),
        whole,
      );
      assert.ok(statuses.includes(whole.report.status), `status ${whole.report.status}`);
      if (whole.report.status) saw("finished");
      if (whole.report.log) saw("log");
    },
    mustSee: ["finished", "log"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "nova-sentence",
    says: "of Nova's log the first sentence that names an error is shown, and never more than a sentence",
    cases: fc.tuple(
      noise(logPieces.slice(4), 12),
      fc.constantFrom(...names),
      fc
        .string({ minLength: 1 })
        .map((reason) => reason.replace(/[\r\n]/g, ""))
        // What reads like a secret is not shown.
        .filter((reason) => withoutSecrets(`x${reason}`) === `x${reason}`),
      noise(logPieces, 12),
    ),
    holds: ([before, name, reason, after]: [string, string, string, string], _, saw) => {
      const shown = novaSentence(`${before}${after}`);
      assert.ok(shown === undefined || (shown.length <= 600 && !shown.includes("\n")), shown);
      if (/[A-Za-z]: /.test(before)) return;
      const sentence = novaSentence(`${before}\n${stamp}ERROR nova.virt ${name}: x${reason}\n${after}`);
      assert.equal(sentence, `${name.split(".").at(-1)}: x${reason}`);
      saw("sentence");
    },
    mustSee: ["sentence"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "shown",
    says: "nothing that a host prints moves a cursor, hides or turns around, and the end of a stream is the same in pieces",
    cases: fc.tuple(noise(escapes, 30), cuts),
    holds: ([text, at]: [string, number[]], _, saw) => {
      const clean = sanitize(text);
      assert.doesNotMatch(
        clean,
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/,
      );
      assert.equal(sanitize(clean), clean);
      assert.ok(lastLine(clean, 20).length <= 21);
      const [whole, cut] = [new Tail(50), new Tail(50)];
      whole.add(Buffer.from(text, "utf8"));
      for (const piece of inPieces(bytes(text), at)) cut.add(Buffer.from(piece, "latin1"));
      assert.equal(cut.text(), whole.text());
      if (clean !== text) saw("cleaned");
    },
    mustSee: ["cleaned"],
    runs: { sample: 500, full: 10_000 },
  }),
  target({
    name: "login-errors",
    says: "whatever ssh and sudo print, the error is of that host and short, in lines that end",
    cases: fc.tuple(noise(sshPieces, 12).map(sanitize), fc.constantFrom(0, 1, 255)),
    holds: ([stderr, exitCode]: [string, number], _, saw) => {
      const login = loginError(connection(), { stderr, timedOut: false, unanswered: [], refused: undefined });
      const context = { connection: connection(), timeoutMs: 1, maxOutputBytes: 1, linkAlive: true };
      const closed = { kind: "closed", phase: "shell", exitCode, stdout: "", stderr, passwordSent: false } as const;
      for (const error of [login, runError(closed, context)]) {
        assert.ok(error instanceof HostError);
        saw(error.kind);
        assert.ok(error.message.length < 1_500, error.message);
        assert.ok(error.message.split("\n").length <= 3, error.message);
      }
    },
    mustSee: ["host-key", "authentication", "unreachable", "become", "unexpected"],
    runs: { sample: 500, full: 10_000 },
  }),
];
