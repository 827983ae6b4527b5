import { connect } from "node:net";
import { HostError } from "../core/errors";
import type { ReadResult } from "../core/session";
import type { Answer, Request, WireError } from "./protocol";

/** How long to wait for somebody else's read; a host's own bounds are shorter. */
const patienceMs = 300_000;

/**
 * What the program's process learnt of a host, undefined if it knows nothing of it or cannot be asked: then the host is
 * simply read here. A failure counts, too, so that a dead host is waited for once and not twice.
 */
export async function readAhead(socketPath: string, key: string): Promise<ReadResult | undefined> {
  const answer = await ask(socketPath, { want: { facts: key } });
  if (answer?.kind === "failed") {
    const { error, readAt, heardAt } = answer;
    return { failure: fromWire(error), readAt, heardAt };
  }
  return answer?.kind === "facts" ? answer : undefined;
}

/** Every host that could not be read, once all reads have ended. */
export async function readAheadFailures(socketPath: string): Promise<HostError[]> {
  const answer = await ask(socketPath, { want: { failures: true } });
  return answer?.kind === "failures" ? answer.errors.map(fromWire) : [];
}

/** Tells the program's process that something was changed on a host; whether it hears that is its own concern. */
export async function noteChange(socketPath: string, key: string): Promise<void> {
  await ask(socketPath, { want: { noteChange: key } });
}

function ask(socketPath: string, request: Request): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const pieces: Buffer[] = [];
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (piece: Buffer) => pieces.push(piece));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => {
      try {
        resolve(JSON.parse(Buffer.concat(pieces).toString("utf8")) as Answer);
      } catch {
        resolve(undefined);
      }
    });
  });
}

function fromWire(error: WireError): HostError {
  return new HostError(
    error.errorKind,
    error.host,
    error.problem,
    error.advice === undefined ? {} : { advice: error.advice },
  );
}
