import * as net from "node:net";
import { LabError } from "../process";

/** A command of QEMU's machine protocol, as in qemu-qmp-ref(7). */
export interface QmpCommand {
  execute: string;
  arguments?: Record<string, unknown>;
}

interface QmpMessage {
  return?: unknown;
  error?: { desc: string };
}

/** Gives commands to a QEMU, one after the other, and returns what it answers to each. */
export async function askQemu(socketFile: string, commands: QmpCommand[], seconds = 30): Promise<unknown[]> {
  const socket = net.createConnection(socketFile);
  socket.setTimeout(seconds * 1000, () => socket.destroy(new Error(`no answer in ${seconds} s`)));
  const answers: unknown[] = [];
  try {
    const messages = readMessages(socket);
    await messages.next(); // The greeting.
    for (const command of [{ execute: "qmp_capabilities" }, ...commands]) {
      socket.write(`${JSON.stringify(command)}\n`);
      const answer = await nextAnswer(messages);
      if (answer.error) {
        throw new Error(`${command.execute}: ${answer.error.desc}`);
      }
      answers.push(answer.return);
    }
  } catch (error) {
    throw new LabError(`QEMU at ${socketFile}: ${(error as Error).message}`, { cause: error });
  } finally {
    socket.destroy();
  }
  return answers.slice(1);
}

async function* readMessages(socket: net.Socket): AsyncGenerator<QmpMessage> {
  let text = "";
  for await (const data of socket) {
    const lines = `${text}${data}`.split("\n");
    text = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as QmpMessage);
  }
}

async function nextAnswer(messages: AsyncGenerator<QmpMessage>): Promise<QmpMessage> {
  for (;;) {
    const { value, done } = await messages.next();
    if (done) {
      throw new Error("it ended");
    }
    // Events come in between.
    if ("return" in value || "error" in value) {
      return value;
    }
  }
}
