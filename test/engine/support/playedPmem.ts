import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CoreHost } from "../../support/fault/coreHost";
import type { LabHost } from "../../support/lab/labHost";
import { LightHost } from "../../support/sandbox/lightHost";

/** A namespace with all that tells whether somebody has touched it. */
export interface PlayedNamespace {
  dev: string;
  name?: string;
  mode: string;
  size: number;
  uuid: string;
  state?: string;
  align?: number;
  /** Of its labels. */
  rawUuid: string;
}

const played = (name: string) => readFileSync(resolve(__dirname, "../../../../test/support/pmem", name), "latin1");

/**
 * A light host with a region of 1 GiB of persistent memory. The kernel's part of it and ndctl are played (an NVDIMM is a
 * thing of the kernel's, and this machine's is not to be touched); everything of ours runs as it is, with a real shell.
 */
export class PlayedPmem {
  readonly core: CoreHost;

  private constructor(readonly host: LightHost) {
    const connection = { host: "localhost", user: "root" };
    this.core = new CoreHost({ name: "light", connection } as LabHost, { transport: "local" });
  }

  static async start(): Promise<PlayedPmem> {
    const host = await LightHost.start({
      "/usr/bin/ndctl": played("ndctl.py"),
      "/usr/bin/nvdimm.py": played("nvdimm.py"),
      "/usr/bin/daxio": "#!/bin/sh\necho 1.12.1\n",
    });
    const kept = ["null", "zero", "full", "random", "urandom"];
    host.run(`mkdir -p /run/kept && mount --rbind /dev /run/kept && mount -t tmpfs tmpfs /dev
      for name in ${kept.join(" ")}; do : >/dev/$name; mount --bind /run/kept/$name /dev/$name; done
      ln -s /proc/self/fd /dev/fd; umount -l /run/kept
      mount -t tmpfs tmpfs /sys/bus && ndctl boot`);
    host.beThisMachine();
    return new PlayedPmem(host);
  }

  namespaces(): PlayedNamespace[] {
    const listed = JSON.parse(this.host.run("/usr/bin/ndctl list") || "[]") as Omit<PlayedNamespace, "rawUuid">[];
    this.forgetCalls();
    return listed
      .filter(({ size }) => size > 0)
      .map((each) => ({ ...each, rawUuid: this.host.run(`cat /sys/bus/nd/devices/${each.dev}/uuid`).trim() }));
  }

  /** Which of them there are, whatever they are called in the moment. */
  named(name: string | undefined): PlayedNamespace[] {
    return this.namespaces().filter((each) => each.name === name);
  }

  make(options: string): void {
    this.host.run(`/usr/bin/ndctl create-namespace --region=region0 --align=2097152 ${options}`);
    this.forgetCalls();
  }

  run(words: string): void {
    this.host.run(`/usr/bin/ndctl ${words}`);
    this.forgetCalls();
  }

  /** From now on: ndctl's calls and writes are counted anew, and a write is cut, or a command of it fails. */
  begin(wrong: { cut?: number; fail?: string } = {}): void {
    this.forgetCalls();
    for (const [name, at] of Object.entries(wrong)) this.host.run(`echo ${at} >/run/ndctl/${name}`);
  }

  calls(): string[] {
    return this.host.run("cat /run/ndctl/calls 2>/dev/null || :").split("\n").filter(Boolean);
  }

  writes(): number {
    return Number(this.host.run("cat /run/ndctl/writes 2>/dev/null || echo 0"));
  }

  /** What a power cut and a boot leave of an apply and of the kernel's namespaces. */
  boot(): void {
    this.host.run("rm -rf /run/pid-of-* /run/hostmem.*; ndctl boot");
  }

  private forgetCalls(): void {
    this.host.run("cd /run/ndctl 2>/dev/null && rm -f calls writes cut fail || :");
  }

  stop(): Promise<void> {
    return this.host.stop();
  }
}
