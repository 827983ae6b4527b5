import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { HostError, type HostErrorKind } from "../../../provider/core/errors";
import { parseFacts } from "../../../provider/core/facts/hostFacts";
import { noProbes } from "../../../provider/core/facts/probes";
import { runApply } from "../../../provider/core/plan/apply";
import { readFacts } from "../../../provider/core/session";
import { openTransport } from "../../../provider/core/transport";
import type { Become, Connection } from "../../../provider/core/transport/connection";
import { beginTrial } from "../trials";

/** How a way to a host must end: root's shell, or a message. */
export interface Refusal {
  kind: HostErrorKind;
  /** What the message must say, the advice included. */
  says: RegExp;
}

/** What root's shell must find, whatever the login shell, sudo and the language of the user are. */
const expectedLook = /^0\n\S*\/mkfs\.ext4\nC\n\/\n0\.5$/;

/**
 * Goes one way to a host and does there all that a preview and an update do: reads its facts, and lets an apply run by
 * itself and be followed.
 */
export async function goIn(connection: Connection, become: Become, seconds = 60): Promise<void> {
  const transport = openTransport(connection, become);
  try {
    const look = await transport.run('id -u; command -v mkfs.ext4; printf "%s\\n" "$LC_ALL" "$PWD"; printf %.1f 0.5', {
      timeoutMs: seconds * 1000,
    });
    const raw = await readFacts(transport, noProbes);
    const facts = parseFacts(connection.host, raw.nonce, raw.output);
    assert.ok(facts.system.now > 0 && facts.memory && facts.fileSystems.length > 0, "the facts are not whole");
    // Written and removed again, with everything around it that an apply leaves nothing of.
    const path = `/var/lib/hostmem/trial-${randomBytes(4).toString("hex")}`;
    const { status } = await runApply(
      transport,
      {
        steps: [
          { kind: "write-record", path, before: undefined, content: "{}\n" },
          { kind: "write-record", path, before: undefined, content: undefined },
        ],
        warnings: [],
      },
      { holder: "trial of a way", lockTimeoutSeconds: 60, progress: () => {} },
    );
    assert.match(look.stdout.toString(), expectedLook);
    assert.equal(status, "applied");
  } finally {
    await transport.close();
  }
}

/** A trial in the table of ways: it works wholly, or says what is wrong and what to do in two lines. */
export async function tryWay(name: string, going: () => Promise<void>, refusal: Refusal | undefined): Promise<void> {
  const prove = beginTrial("ways of access", name, ["works or says why"]);
  if (refusal === undefined) {
    await going();
  } else {
    const error = await going().then(
      () => assert.fail("it works, and must be refused"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof HostError, String(error));
    assert.match(error.message, refusal.says, error.output);
    assert.equal(error.kind, refusal.kind, error.message);
    assertClear(error.message);
  }
  prove("works or says why");
}

/** One line of what is wrong and one of what to do, short enough to read, and of nothing that a terminal takes for more. */
export function assertClear(message: string): void {
  const lines = message.split("\n");
  assert.equal(lines.length, 2, message);
  for (const line of lines) assert.ok(line.length < 500, message);
  assert.doesNotMatch(message, /\.js:\d|undefined|\[object|[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
}
