import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installOnMachine } from "../machinePackages";

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A real browser without a screen, with one page, asked over its DevTools protocol. */
export class Chromium {
  /** Every address that the page wanted, and everything that the browser complained about. */
  readonly requests: string[] = [];
  readonly complaints: string[] = [];
  private readonly waiting = new Map<number, (message: Message) => void>();
  private readonly seen: string[] = [];
  private calls = 0;

  private constructor(
    private readonly browser: ChildProcess,
    private readonly folder: string,
    private readonly socket: WebSocket,
  ) {
    socket.addEventListener("message", ({ data }) => this.hear(JSON.parse(String(data)) as Message));
  }

  static async start(): Promise<Chromium> {
    installOnMachine({ chromium: "chromium" });
    const folder = mkdtempSync(join(tmpdir(), "hostmem-chromium-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const places = ["--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"];
    // A group of its own: it is many processes, and all of them end together.
    const stdio = ["ignore", "ignore", "pipe"] as const;
    const browser = spawn("chromium", [...flags, ...places], { stdio: [...stdio], detached: true });
    try {
      const port = await portOf(browser);
      const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Record<string, string>[];
      const address = pages.find(({ type }) => type === "page")!["webSocketDebuggerUrl"]!;
      const socket = new WebSocket(address);
      await new Promise((resolve, reject) => {
        socket.addEventListener("open", resolve, { once: true });
        socket.addEventListener("error", reject, { once: true });
      });
      const chromium = new Chromium(browser, folder, socket);
      for (const domain of ["Page", "Network", "Log", "Runtime"]) await chromium.call(`${domain}.enable`);
      return chromium;
    } catch (error) {
      await end(browser, folder);
      throw error;
    }
  }

  /** Opens a page, and waits until all of it is there. */
  async open(address: string): Promise<void> {
    this.seen.length = 0;
    await this.call("Page.navigate", { url: address });
    for (const until = Date.now() + 120_000; !this.seen.includes("Page.loadEventFired"); ) {
      if (Date.now() > until) throw new Error(`${address} was not loaded`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The value of an expression in the page. */
  async ask<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** As wide as somebody's screen is. */
  async resize(width: number, height: number): Promise<void> {
    await this.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async stop(): Promise<void> {
    this.socket.close();
    await end(this.browser, this.folder);
  }

  private call(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    this.calls += 1;
    const id = this.calls;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result ?? {})));
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  private hear(message: Message): void {
    if (message.id !== undefined) {
      this.waiting.get(message.id)?.(message);
      return;
    }
    const { method = "", params = {} } = message;
    this.seen.push(method);
    if (method === "Network.requestWillBeSent") this.requests.push((params["request"] as { url: string }).url);
    if (method === "Log.entryAdded" || method === "Runtime.exceptionThrown" || method === "Runtime.consoleAPICalled")
      this.complaints.push(JSON.stringify(params));
  }
}

function portOf(browser: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const late = setTimeout(() => reject(new Error(`chromium does not answer: ${text}`)), 120_000);
    browser.once("exit", (code) => reject(new Error(`chromium ended with ${code}: ${text}`)));
    browser.stderr!.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(Number(port));
    });
  });
}

async function end(browser: ChildProcess, folder: string): Promise<void> {
  if (browser.exitCode === null && browser.signalCode === null) {
    const ended = once(browser, "exit");
    process.kill(-browser.pid!, "SIGKILL");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
