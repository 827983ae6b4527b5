import { randomBytes } from "node:crypto";
import * as net from "node:net";
import * as path from "node:path";
import { holdLock } from "../lock";
import { type CommandOptions, type CommandResult, LabError, sleep } from "../process";

/** How many commands can run in a machine at once. */
export const agentPorts = 6;

/** The socket of one port of the agent, on this machine. */
export function agentSocket(folder: string, port: number): string {
  return path.join(folder, `agent${port}`);
}

const environment = {
  HOME: "/root",
  LANG: "C.UTF-8",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  TERM: "dumb",
};

/** Seconds for the agent's answer to a greeting: an emulated processor may be busy for long. */
const greetingSeconds = 60;

/**
 * Runs a bash script as root in a machine, through the agent that image/vm-agent.py describes. Fails if the machine is
 * not there, or goes away meanwhile.
 * @param answerSeconds How long to wait for the agent itself, which a booting machine does not have yet.
 */
export async function executeThroughAgent(
  folder: string,
  script: string,
  options: CommandOptions = {},
  answerSeconds = greetingSeconds,
): Promise<CommandResult> {
  const { port, release } = await freePort(folder, answerSeconds);
  try {
    const connection = await Connection.open(agentSocket(folder, port));
    try {
      await connection.greet(answerSeconds);
      return await connection.run(script, options);
    } finally {
      connection.close();
    }
  } finally {
    release();
  }
}

/** Takes a port that nobody uses, in this process or another: QEMU lets one client at a time speak to each. */
async function freePort(folder: string, seconds: number): Promise<{ port: number; release: () => void }> {
  for (const end = Date.now() + seconds * 1000; ; await sleep(100)) {
    for (let port = 0; port < agentPorts; port++) {
      const release = await holdLock(`${agentSocket(folder, port)}.lock`, 0);
      if (release) {
        return { port, release };
      }
    }
    if (Date.now() > end) {
      throw new LabError(`${folder}: all ${agentPorts} ports of its agent are in use for ${seconds} s`);
    }
  }
}

class Connection {
  private buffer = Buffer.alloc(0);
  private ended = false;
  private wake: () => void = () => {};

  private constructor(private readonly socket: net.Socket) {
    socket.on("data", (data) => {
      this.buffer = Buffer.concat([this.buffer, data]);
      this.wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.ended = true;
      this.wake();
    });
  }

  static open(file: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = net.createConnection(file);
      socket.once("error", (error) => reject(new LabError(`the machine is not running: ${error.message}`)));
      socket.once("connect", () => resolve(new Connection(socket)));
    });
  }

  close(): void {
    this.socket.destroy();
  }

  /** Takes something from what has arrived, as soon as `take` finds it there. */
  private async receive<T>(end: number, take: (buffer: Buffer) => [T, number] | undefined): Promise<T> {
    for (;;) {
      const found = take(this.buffer);
      if (found) {
        this.buffer = this.buffer.subarray(found[1]);
        return found[0];
      }
      if (this.ended) {
        throw new LabError("the machine went down meanwhile");
      }
      if (Date.now() > end) {
        throw new LabError("the machine's agent does not answer");
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, end - Date.now() + 1));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Finds out that the agent listens, and leaves behind what an earlier user of the port did not read. */
  async greet(seconds: number): Promise<void> {
    const nonce = randomBytes(8).toString("hex");
    this.socket.write(`\nhello ${nonce}\n`);
    const answer = `ready ${nonce}\n`;
    await this.receive(Date.now() + seconds * 1000, (buffer) => {
      const at = buffer.indexOf(answer);
      return at < 0 ? undefined : [undefined, at + answer.length];
    });
  }

  async run(script: string, options: CommandOptions): Promise<CommandResult> {
    const seconds = options.seconds ?? 300; // An emulated processor needs for one second's work many.
    const input = Buffer.from(options.input ?? "");
    const request = { script, seconds, inputBytes: input.length };
    this.socket.write(`${JSON.stringify({ ...request, environment: { ...environment, ...options.environment } })}\n`);
    this.socket.write(input);
    const output: Record<string, Buffer[]> = { o: [], e: [] };
    const end = Date.now() + (seconds + 30) * 1000;
    for (;;) {
      const [letter, data] = await this.receive(end, takeFrame);
      if (letter === "x") {
        const exitCode = Number(data.toString());
        const [stdout, stderr] = [output["o"], output["e"]].map((pieces) => Buffer.concat(pieces ?? []).toString());
        const late = exitCode === 124 || exitCode === 137 ? `\n(ended after ${seconds} s)` : "";
        return { exitCode, stdout: stdout ?? "", stderr: `${stderr}${late}` };
      }
      output[letter]?.push(data);
      options.onOutput?.(data.toString());
    }
  }
}

function takeFrame(buffer: Buffer): [[string, Buffer], number] | undefined {
  const size = buffer.length < 5 ? Number.POSITIVE_INFINITY : 5 + buffer.readUInt32BE(1);
  if (buffer.length < size) {
    return undefined;
  }
  return [[String.fromCharCode(buffer[0] ?? 0), Buffer.from(buffer.subarray(5, size))], size];
}
