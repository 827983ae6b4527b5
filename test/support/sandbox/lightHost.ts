import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { journalctl, systemctl, systemdRun } from "./stubs";

/** Text of files, one character a byte, by their paths. */
export type Files = Record<string, string>;

/** Beyond any that the kernel gives: what a real process of that number says of itself is none of nova-compute's. */
const noProcess = 2 ** 22 + 1;

const units = ["nova-compute.service", "libvirtd.service", "libvirtd.socket"].map((name) =>
  [
    `Id=${name}`,
    "LoadState=loaded",
    "ActiveState=active",
    "SubState=running",
    `MainPID=${name === "nova-compute.service" ? noProcess : 0}`,
    name === "nova-compute.service"
      ? "ExecStart={ path=/usr/bin/nova-compute ; argv[]=/usr/bin/nova-compute --config-file=/etc/nova/nova.conf --log-file=/var/log/nova/nova-compute.log ; ignore_errors=no ; }"
      : "ExecStart=",
    "UnitFileState=enabled",
  ].join("\n"),
);

/** A small compute host of Debian 12, as far as our scripts ask. */
export const usualFiles: Files = {
  "/usr/sbin/systemctl": systemctl.replace(
    "#!/bin/sh\n",
    `#!/bin/sh
case "$1 $3" in
  --version*) echo 'systemd 252 (252.39-1~deb12u1)'; exit 0 ;;
  "show Id,"*) cat /usr/share/light-host/units; exit 0 ;;
esac
`,
  ),
  "/usr/sbin/journalctl": journalctl,
  "/usr/sbin/systemd-run": systemdRun,
  "/usr/sbin/libvirtd": "#!/bin/sh\necho 'libvirtd (libvirt) 9.0.0'\n",
  "/usr/bin/virsh": "#!/bin/sh\necho 'Running hypervisor: QEMU 7.2.22'\n",
  "/usr/bin/qemu-system-x86_64": "#!/bin/sh\necho 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)'\n",
  "/usr/lib/python3/dist-packages/nova-26.2.2.egg-info/PKG-INFO": "Version: 26.2.2\n",
  "/usr/share/light-host/units": `${units.join("\n\n")}\n`,
  "/etc/nova/nova.conf": "[DEFAULT]\nstate_path = /var/lib/nova\n\n[libvirt]\nvirt_type = kvm\n",
  "/etc/libvirt/qemu.conf": '# Master configuration file\n#memory_backing_dir = "/var/lib/libvirt/qemu/ram"\n',
  "/etc/fstab": "# /etc/fstab\n",
  "/etc/machine-id": "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\n",
};

/**
 * This machine's own programs and kernel as a host of its own: a layer over its file system, with its own mounts and
 * processes, for as long as it runs. systemd, libvirt and QEMU are played; everything else, and what is mounted, is real.
 * It has this machine's devices, but no firmware: what it says of itself must not depend on where it is run.
 * `shell` is a folder for PATH, whose `sh` is this host's: to the local transport the machine itself is this host.
 */
export class LightHost {
  private leave = () => {};

  private constructor(
    private readonly folder: string,
    private readonly holder: ChildProcess,
    private readonly process: number,
  ) {}

  static async start(files: Files = {}): Promise<LightHost> {
    if (process.getuid?.() !== 0) throw new Error("light hosts need root");
    const folder = mkdtempSync("/dev/shm/hostmem-light-");
    chmodSync(folder, 0o755);
    for (const name of ["upper", "work", "root", "run", "shell"]) mkdirSync(join(folder, name));
    for (const [path, text] of Object.entries({ ...usualFiles, ...files })) {
      const place = join(folder, path.startsWith("/run/") ? path : `/upper${path}`);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, Buffer.from(text, "latin1"), { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    const hold = `
      mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work ${folder}/root &&
      mount --bind ${folder}/run ${folder}/root/run && mount -t proc proc ${folder}/root/proc &&
      mount --rbind /dev ${folder}/root/dev && mount --bind -o ro /sys ${folder}/root/sys &&
      { [ ! -d /sys/class/dmi ] || mount -t tmpfs tmpfs ${folder}/root/sys/class/dmi; } &&
      echo ready && { sleep 3600 & wait $!; }`; // As a host's first process does, it takes in whoever's parent was killed.
    const flags = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c", hold];
    const holder = spawn("unshare", flags, { cwd: "/", stdio: ["ignore", "pipe", "ignore"] });
    await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
    const [first] = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").split(" ");
    const host = new LightHost(folder, holder, Number(first));
    const enter = [
      "--target",
      String(host.process),
      "--mount",
      "--pid",
      `--root=/proc/${host.process}/root${folder}/root`,
    ];
    const shell = `#!/bin/sh\ncd / && PATH=/usr/sbin:/usr/bin:/sbin:/bin exec ${execFileSync("which", ["nsenter"], { encoding: "utf8" }).trim()} ${enter.join(" ")} --wdns=/ /bin/sh "$@"\n`;
    writeFileSync(join(host.shell, "sh"), shell, { mode: 0o755 });
    return host;
  }

  /** Until it stops, what this process runs on its own machine runs there. */
  beThisMachine(): void {
    const path = process.env["PATH"];
    process.env["PATH"] = `${this.shell}:${path}`;
    this.leave = () => {
      process.env["PATH"] = path;
    };
  }

  get shell(): string {
    return join(this.folder, "shell");
  }

  /** Runs a script on it and returns what it printed. */
  run(script: string): string {
    return execFileSync(join(this.shell, "sh"), ["-s"], { input: script, encoding: "latin1", timeout: 60_000 });
  }

  /** Files of the host below some paths, as they are now. */
  files(paths: readonly string[]): Files {
    const found: Files = {};
    const look = (path: string) => {
      const place = join(this.folder, "upper", path);
      if (!existsSync(place)) return;
      if (statSync(place).isFile()) found[path] = readFileSync(place, "latin1");
      else if (statSync(place).isDirectory()) for (const name of readdirSync(place).sort()) look(join(path, name));
    };
    for (const path of paths) look(path);
    return found;
  }

  async stop(): Promise<void> {
    this.leave();
    const ended = once(this.holder, "exit");
    process.kill(this.process, "SIGKILL");
    await ended;
    // The mount point of a store is immutable.
    spawnSync("chattr", ["-R", "-i", join(this.folder, "upper")], { stdio: "ignore" });
    // What the last process had mounted goes with it, a moment later.
    for (let tries = 0; ; tries += 1) {
      try {
        rmSync(this.folder, { recursive: true, force: true });
        return;
      } catch (error) {
        if (tries > 50) throw error;
        await sleep(100);
      }
    }
  }
}
