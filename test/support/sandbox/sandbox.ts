import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ApplyLogReader, type ApplyReport } from "../../../provider/core/plan/applyLog";
import { type CompileOptions, compile } from "../../../provider/core/plan/compile";
import type { Plan } from "../../../provider/core/plan/step";
import { DescribedHost } from "../plans/describedHost";
import { journalctl, systemctl, systemdRun } from "./stubs";

export const nonce = "0123456789abcdef0123456789abcdef";

export interface Run {
  /** True if it ended by itself. */
  ended: boolean;
  report: ApplyReport;
  /** Everything that it wrote to its log. */
  log: string;
  progress: string[];
}

/**
 * This machine's own file system under a layer that is thrown away, where apply scripts run with real tools in a real
 * shell. Only systemd is played by stubs: it cannot be had without a booted host, on which the lab tests are.
 */
export class Sandbox {
  private readonly folder = mkdtempSync("/dev/shm/hostmem-");
  private readonly upper = join(this.folder, "upper");

  constructor(private readonly shell: readonly string[] = ["/bin/sh"]) {
    if (process.getuid?.() !== 0) throw new Error("tests of apply scripts must run as root");
    chmodSync(this.folder, 0o755);
    for (const name of ["upper", "work", "root", "run"]) mkdirSync(join(this.folder, name));
    this.write("/usr/sbin/systemctl", systemctl, 0o755);
    this.write("/usr/sbin/journalctl", journalctl, 0o755);
    this.write("/usr/sbin/systemd-run", systemdRun, 0o755);
  }

  write(path: string, content: string | Buffer, mode = 0o644): void {
    const file = this.path(path);
    mkdirSync(dirname(file), { recursive: true });
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    writeFileSync(file, bytes, { mode });
    chmodSync(file, mode);
  }

  /** A tool of this machine under a path of the sandbox. */
  copy(tool: string, path: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    cpSync(tool, this.path(path));
  }

  /** Content of a file that was written in the sandbox, latin1. */
  read(path: string): string | undefined {
    const file = this.path(path);
    return existsSync(file) && lstatSync(file).isFile() ? readFileSync(file, "latin1") : undefined;
  }

  /** Path on this machine. */
  path(path: string): string {
    return path.startsWith("/run/") ? join(this.folder, path) : join(this.upper, path);
  }

  /** The host as a facts script would see it. */
  host(files: readonly string[]): DescribedHost {
    const all = [...files, "/var/lib/hostmem/objects/FileBackedMemoryConfig.json", "/var/lib/hostmem/pending.json"];
    const described: Record<string, string[] | null> = {};
    for (const path of all) described[path] = this.read(path)?.split("\n") ?? null;
    return new DescribedHost({ files: described });
  }

  /** Compiles a plan and runs it as the host would; `before` is shell text that runs in the sandbox first. */
  apply(plan: Plan, options: Partial<CompileOptions> & { before?: string; timeoutSeconds?: number } = {}): Run {
    const { id = "0011", before = ":", timeoutSeconds, ...others } = options;
    const script = this.prepare(plan, { id, lockTimeoutSeconds: 5, ...others });
    this.run(`${before}\n"$@" ${script}`, this.shell, timeoutSeconds);
    return this.outcome(id);
  }

  /** Runs plans at once, each of them some milliseconds after the start. */
  applyTogether(applies: { plan: Plan; afterMs: number }[], lockTimeoutSeconds = 30): Run[] {
    const ids = applies.map((_, index) => `00a${index}`);
    const starts = applies.map(({ plan, afterMs }, index) => {
      const script = this.prepare(plan, { id: ids[index]!, lockTimeoutSeconds });
      return `{ sleep ${(afterMs / 1000).toFixed(3)}; "$@" ${script}; } &`;
    });
    this.run(`${starts.join("\n")}\nwait`, this.shell);
    return ids.map((id) => this.outcome(id));
  }

  private prepare(plan: Plan, options: { id: string; lockTimeoutSeconds: number }): string {
    const home = `/var/lib/hostmem/apply/${options.id}`;
    const script = compile(plan, { nonce, holder: "project/stack/memory, pid 1", ...options });
    this.write(`${home}/script`, script, 0o600);
    this.write(`${home}/log`, "", 0o600);
    return `${home}/script`;
  }

  private outcome(id: string): Run {
    const home = `/var/lib/hostmem/apply/${id}`;
    const log = this.read(`${home}/log`) ?? "";
    const progress: string[] = [];
    const reader = new ApplyLogReader(nonce, (message) => progress.push(message));
    reader.push(log);
    const ended = this.read(`${home}/status`) !== undefined;
    rmSync(this.path(home), { recursive: true, force: true }); // as the follower does
    return { ended, report: reader.report, log, progress };
  }

  /** Runs shell text in the sandbox, as process 2 of its own process namespace, and returns what it printed. */
  run(script: string, args: readonly string[] = [], timeoutSeconds = 60): string {
    const { folder } = this;
    const enter = `
      mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work ${folder}/root &&
      mount --bind ${folder}/run ${folder}/root/run && mount -t proc proc ${folder}/root/proc &&
      mount --rbind /dev ${folder}/root/dev || exit 99
      chroot ${folder}/root /bin/sh -c "$SCRIPT" sh "$@" &
      wait $!`;
    const done = spawnSync(
      "unshare",
      ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c", enter, "sh", ...args],
      { encoding: "latin1", timeout: timeoutSeconds * 1000, env: { PATH: process.env["PATH"], SCRIPT: script } },
    );
    if (done.error || done.status === 99) throw new Error(`sandbox: ${done.error?.message ?? done.stderr}`);
    return done.stdout + done.stderr;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
