import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostError } from "../../../provider/core/errors";
import { HostSession } from "../../../provider/core/session";
import { LocalTransport } from "../../../provider/core/transport/local";
import type { Transport } from "../../../provider/core/transport/types";
import { beginTrial } from "../../support/trials";
import { connection } from "./connections";

const ready = "echo hostmem-root-shell 0";
/** Reads what is sent to it up to the frame, and knows its nonce then. */
const listen = `${ready}; while read -r word; do case $word in *hostmem*begin*) nonce=\${word#*hostmem }; nonce=\${nonce%% *}; break ;; esac; done`;
const begin = `${listen}; printf 'hostmem %s begin\\n' "$nonce"`;

/** What answers in the place of a host's shell, and what is said of it. */
const shells: [what: string, script: string, kind: string, said: RegExp][] = [
  ["says nothing", "exec sleep 30", "timeout", /root's shell did not start within 2 s/],
  ["prints lines without end", "exec yes", "unexpected", /prints without end before it starts a command/],
  ["prints one line without end", "exec tr '\\000' x </dev/zero", "unexpected", /prints without end before/],
  ["complains without end", "exec yes >&2", "unexpected", /prints without end before/],
  ["prints bytes that are no text, and ends", "head -c 200000 /dev/urandom", "unexpected", /did not start sh/],
  [
    "sets the window's title, and ends",
    "printf '\\033]0;title\\007\\033[31mNo.\\302\\233' >&2; exit 3",
    "unexpected",
    /exit code 3: No\./,
  ],
  ["is somebody else", "echo hostmem-root-shell 1000; exec sleep 30", "become", /as user id 1000/],
  ["ends once it is asked something", `${ready}; read -r word`, "unexpected", /ended in the middle of the script/],
  ["never answers what it is asked", `${ready}; exec sleep 30`, "timeout", /the script did not end within 2 s/],
  ["answers without a frame", `${ready}; exec yes`, "unexpected", /printed more than 1000000 bytes/],
  [
    "answers in the frame of another run",
    `${ready}; read -r word; printf 'hostmem 00 begin\\nx\\nhostmem 00 end 0\\n'`,
    "unexpected",
    /ended in the middle/,
  ],
  ["answers without end", `${begin}; exec yes`, "unexpected", /printed more than 1000000 bytes/],
  [
    "forges an empty answer",
    `${begin}; printf 'hostmem %s end 0\\n' "$nonce"; exec sleep 30`,
    "unexpected",
    /answer to the facts script is incomplete/,
  ],
  [
    "forges an answer without an exit code",
    `${begin}; printf 'hostmem %s end x\\n' "$nonce"; exec sleep 30`,
    "timeout",
    /did not end within/,
  ],
  [
    "ends in the middle of its answer",
    `${begin}; echo half; exit 0`,
    "unexpected",
    /ended in the middle of the script/,
  ],
];

describe("a host whose shell", function () {
  this.timeout(60_000);
  let folder: string;
  let path: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hostmem-shell-"));
    path = process.env["PATH"];
  });
  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  for (const [what, script, kind, said] of shells) {
    it(`${what} is given up on, in clean words`, async () => {
      const prove = beginTrial("hostile output", `a shell that ${what}`, ["bounded", "reported", "clean text"]);
      writeFileSync(join(folder, "sh"), `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`, { mode: 0o755 });
      process.env["PATH"] = `${folder}:${path}`;
      const local = new LocalTransport(connection(), { method: "none", password: undefined });
      const bounded: Transport = {
        host: "compute-1",
        run: (text, options) => local.run(text, { ...options, timeoutMs: 2000, maxOutputBytes: 1_000_000 }),
        close: () => local.close(),
      };
      const error = await new HostSession(bounded, async () => undefined).facts().then(
        () => assert.fail("it was believed"),
        (thrown: unknown) => thrown,
      );
      prove("bounded");
      assert.ok(error instanceof HostError, String(error));
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, said);
      assert.ok(error.advice, "it says what to do");
      prove("reported");
      assert.doesNotMatch(error.message + (error.output ?? ""), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      assert.ok(error.message.length < 1000);
      prove("clean text");
    });
  }
});
