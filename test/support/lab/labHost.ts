import * as fs from "node:fs";
import { cloneImage } from "./clone";
import { Cloud } from "./cloud";
import { layoutOf } from "./container";
import { diskCount } from "./disks";
import { type Driver, driverOf } from "./driver";
import { prepareImage } from "./image";
import { withLock } from "./lock";
import { allowManyHosts } from "./machine";
import { networkOf } from "./network";
import { type CommandOptions, type CommandResult, describeFailure, LabError, retryFor } from "./process";
import { removeHostsWhenWeEnd } from "./reaper";
import type { Kind } from "./recipe";
import { identify, type RegisterEntry, readEntry, register, writeEntry } from "./register";
import { chooseServices, type Services, waitForServices } from "./services";
import { removeHost, sweep } from "./takeDown";
import { cloneMachine, startAsNew } from "./vm/clone";
import { serialOf, spareDisks } from "./vm/qemu";
import { prepareTemplate } from "./vm/template";

/** What kind of host, and how much of it. */
export interface LabHostOptions {
  kind: Kind;
  /** Of a nova host; default `full`. A vm has `none`: Nova is installed there, and not enabled. */
  services?: Services;
  /** The beginning of its name; a number follows, so that test runs do not meet. Default: the kind. */
  name?: string;
  /** Keeps the host until somebody takes it down by its name, which is then exactly `name`. */
  persistent?: boolean;
  /** Takes lines about long work. Default: standard error. */
  progress?: (line: string) => void;
}

/** A file's owner and mode, as chown(1) and chmod(1) take them. */
export interface FileOptions {
  mode?: string;
  owner?: string;
}

/** How long a host may take, with others of its kind beside it: an emulated one is some ten times slower. */
const bootSeconds = { light: 120, nova: 120, vm: 300 };
const serviceSeconds = 120;

/** A real host for tests, with the verbs of the NixOS test driver: a systemd container or a machine that SSH reaches. */
export class LabHost {
  /** The login: a user with sudo and a key, and the host key to expect. Fits the `connection` of `@pulumi/command`. */
  readonly connection: {
    host: string;
    port: number;
    user: string;
    privateKey: string;
    /** Path of the same key. */
    privateKeyFile: string;
    /** The host's public key, one line as in authorized_keys. */
    hostKey: string;
  };
  readonly address: string;
  /** Knows this host alone. */
  readonly knownHostsFile: string;
  /** Spare disks, blank, 1 GiB each, two of a container and four of a vm: links that udev keeps, as it does for UUIDs. */
  readonly disks: string[];
  /** The same disks under the names that lasting configuration should use. */
  readonly disksById: string[];
  /** On this machine: the sparse files behind the disks. A running vm does not notice what is written to them here. */
  readonly diskFiles: string[];
  /** Nova, placement and the servers of a nova host. */
  readonly cloud = new Cloud(this);
  private readonly driver: Driver;

  constructor(
    readonly name: string,
    readonly kind: Kind,
    readonly services: Services,
    number: number,
  ) {
    const layout = layoutOf(name);
    this.address = networkOf(number).address;
    this.knownHostsFile = layout.knownHosts;
    this.driver = driverOf(kind);
    const numbers = Array.from({ length: kind === "vm" ? spareDisks : diskCount }, (_, index) => index);
    this.disks = numbers.map((index) => `/dev/hostmem-disk${index}`);
    const bus = kind === "vm" ? "virtio" : "nvme";
    this.disksById = numbers.map((index) => `/dev/disk/by-id/${bus}-${serialOf(index)}`);
    this.diskFiles = numbers.map((index) => `${layout.disks}/disk${index}`);
    this.connection = {
      host: this.address,
      port: 22,
      user: "deploy",
      privateKey: fs.readFileSync(layout.privateKey, "utf8"),
      privateKeyFile: layout.privateKey,
      hostKey: fs.readFileSync(layout.knownHosts, "utf8").trim().split(" ").slice(1).join(" "),
    };
  }

  /** On this machine: every file that was written or removed since the host was made. */
  get upperDirectory(): string {
    return this.layoutOfContainer().upper;
  }

  /** On this machine: the root file system of the host, as it is. */
  get rootDirectory(): string {
    return this.layoutOfContainer().root;
  }

  private layoutOfContainer() {
    if (this.kind !== "vm") return layoutOf(this.name);
    throw new LabError(`${this.name} is a machine with a disk of its own: its files cannot be seen from here`);
  }

  /**
   * Runs a bash script as root on the host, whatever its exit code. What it leaves running in the background must have
   * its output redirected: the call waits for the end of the output, not of the script.
   */
  execute(script: string, options: CommandOptions = {}): Promise<CommandResult> {
    return this.driver.executeIn(this.name, script, options);
  }

  /** Runs a bash script (`set -euo pipefail`) as root and returns what it printed; fails unless it exits with 0. */
  async succeed(script: string, options: CommandOptions = {}): Promise<string> {
    const result = await this.execute(`set -euo pipefail\n${script}`, options);
    if (result.exitCode !== 0) {
      throw new LabError(describeFailure(`[${this.name}] must succeed: ${script}`, result));
    }
    return result.stdout;
  }

  /** Runs a bash script as root that must not exit with 0, and returns all that it printed. */
  async fail(script: string, options: CommandOptions = {}): Promise<string> {
    const result = await this.execute(`set -euo pipefail\n${script}`, options);
    if (result.exitCode === 0) {
      throw new LabError(describeFailure(`[${this.name}] must fail: ${script}`, result));
    }
    return result.stdout + result.stderr;
  }

  /** Repeats a script until it succeeds. */
  waitUntilSucceeds(script: string, seconds: number): Promise<string> {
    return retryFor(seconds, script, () => this.succeed(script, { seconds }));
  }

  /** Repeats a script until it fails. */
  waitUntilFails(script: string, seconds: number): Promise<string> {
    return retryFor(seconds, script, () => this.fail(script, { seconds }));
  }

  /** Waits until a unit is active; a unit that has failed is not waited for. */
  async waitForUnit(unit: string, seconds: number): Promise<void> {
    const script = `
      while :; do
        case $(systemctl is-active '${unit}') in active) exit 0;; failed) exit 1;; esac
        sleep 0.1
      done`;
    if ((await this.execute(script, { seconds })).exitCode !== 0) {
      const status = await this.execute(`systemctl status --no-pager --lines=20 '${unit}'`);
      throw new LabError(describeFailure(`[${this.name}] ${unit} is not active after ${seconds} s`, status));
    }
  }

  /** Waits until something listens on a TCP port. */
  async waitForOpenPort(port: number, seconds = 30): Promise<void> {
    await this.waitUntilSucceeds(
      `ss --no-header --listening --tcp --numeric 'sport = :${port}' | grep . >/dev/null`,
      seconds,
    );
  }

  /** Writes a file. An existing one keeps its mode and owner unless others are given. */
  async writeFile(file: string, content: string | Buffer, options: FileOptions = {}): Promise<void> {
    const mode = options.mode ? `chmod '${options.mode}' '${file}'` : ":";
    const owner = options.owner ? `chown '${options.owner}' '${file}'` : ":";
    await this.succeed(`cat > '${file}'\n${owner}\n${mode}`, { input: content });
  }

  /** Copies a file of this machine to the host. */
  copyTo(localFile: string, file: string, options: FileOptions = {}): Promise<void> {
    return this.writeFile(file, fs.readFileSync(localFile), options);
  }

  /** Reads a text file. */
  readFile(file: string): Promise<string> {
    return this.succeed(`cat '${file}'`);
  }

  /** Boots a host that was stopped or has crashed. `withNova: false` is for one whose nova-compute is to stay down. */
  async start({ withNova = true } = {}): Promise<void> {
    await this.driver.boot(this.name, bootSeconds[this.kind]);
    await (withNova ? this.waitForServices() : this.waitForAccess());
  }

  /** Takes a disk away, or plugs it in again: from the next `start()` on. */
  plugDisk(index: number, isThere: boolean): void {
    const entry = readEntry(this.name);
    if (entry) {
      const others = (entry.unplugged ?? []).filter((other) => other !== index);
      writeEntry({ ...entry, unplugged: isThere ? others : [...others, index] });
    }
  }

  /** Powers off cleanly. The host's files stay; `start()` boots it again. */
  stop(seconds = 60): Promise<void> {
    return this.driver.powerOff(this.name, seconds);
  }

  /**
   * Kills everything at once, as a power cut would. A vm loses what it had not flushed to its disks; a container loses
   * nothing that was written.
   */
  crash(): Promise<void> {
    return this.driver.kill(this.name);
  }

  /** Reboots cleanly and waits until all is up again. */
  async reboot(): Promise<void> {
    await this.driver.reboot(this.name, bootSeconds[this.kind]);
    await this.waitForServices();
  }

  /** Ends the host and removes everything it was made of. */
  destroy(): Promise<void> {
    return removeHost(this.name);
  }

  /** Waits until the chosen services answer, for instance after they were restarted by hand. */
  async waitForServices(): Promise<void> {
    await this.waitForAccess();
    if (this.kind === "nova") {
      await waitForServices(this.name, this.services, serviceSeconds);
    }
  }

  private async waitForAccess(): Promise<void> {
    await this.waitForOpenPort(22);
    const disks = this.disks.filter((_, index) => !readEntry(this.name)?.unplugged?.includes(index));
    await this.waitUntilSucceeds(["true", ...disks.map((disk) => `test -b ${disk}`)].join(" && "), 30);
  }
}

/** Makes and boots a host. It is removed at the latest when this process ends. Several may be started at once. */
export async function startLabHost(options: LabHostOptions): Promise<LabHost> {
  const progress = options.progress ?? ((line) => console.error(`lab: ${line}`));
  const image = await prepareImage(options.kind, progress);
  allowManyHosts();
  await sweep();
  const services = options.kind === "nova" ? (options.services ?? "full") : "none";
  if (options.kind === "vm" && (options.services ?? "none") !== "none") {
    throw new LabError(
      "a vm host has no services but libvirt: an emulated processor is too slow for Nova's to start in time",
    );
  }
  const template = options.kind === "vm" ? await prepareTemplate(image, progress) : undefined;
  const entry = await withLock("register", 60, async () => takeEntry(options));
  if (!options.persistent) {
    removeHostsWhenWeEnd();
  }
  try {
    if (template) {
      await cloneMachine(entry, image, { resumeFrom: template });
      await startAsNew(entry, bootSeconds.vm);
    } else {
      await cloneImage(entry, image);
    }
    if (options.kind === "nova") {
      chooseServices(layoutOf(entry.name).root, services);
    }
    const host = new LabHost(entry.name, options.kind, services, entry.number);
    await (template ? host.waitForServices() : host.start());
    return host;
  } catch (error) {
    await removeHost(entry.name);
    throw error;
  }
}

function takeEntry(options: LabHostOptions): RegisterEntry {
  return register(
    { name: options.name ?? options.kind, exact: options.persistent === true && options.name !== undefined },
    {
      kind: options.kind,
      owner: options.persistent ? undefined : identify(process.pid),
      // A nova host's name is in the databases of its image.
      ...(options.kind === "light" ? {} : { hostname: "compute" }),
    },
  );
}

/** A host that runs already, by its name. */
export function findLabHost(name: string): LabHost {
  const entry = readEntry(name);
  if (!entry) {
    throw new LabError(`there is no lab host named ${name}`);
  }
  return new LabHost(entry.name, entry.kind, "none", entry.number);
}
