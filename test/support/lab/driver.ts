import * as container from "./container";
import type { CommandOptions, CommandResult } from "./process";
import type { Kind } from "./recipe";
import { readEntry } from "./register";
import * as machine from "./vm/machine";

/** How hosts of one sort are run: what a container and a machine do each in its own way. */
export interface Driver {
  /** Starts a host that is off, and waits until systemd has started what is enabled. */
  boot(name: string, seconds: number): Promise<void>;
  /** Runs a bash script as root, whatever its exit code; fails if the host is not running. */
  executeIn(name: string, script: string, options?: CommandOptions): Promise<CommandResult>;
  /** Asks the host to power off; what is still there after the time is killed. */
  powerOff(name: string, seconds: number): Promise<void>;
  /** Ends the host at once, as a power cut would. */
  kill(name: string): Promise<void>;
  /** Reboots and waits until the host is up again. */
  reboot(name: string, seconds: number): Promise<void>;
  isUp(name: string): boolean;
}

const { boot, executeIn, powerOff, kill, reboot, isContainerUp } = container;
const containers: Driver = { boot, executeIn, powerOff, kill, reboot, isUp: isContainerUp };

/** The driver of a kind. */
export function driverOf(kind: Kind): Driver {
  return kind === "vm" ? machine : containers;
}

/** The driver of a host; of one whose entry is gone, or not there yet, that of a container. */
export function driverOfHost(name: string): Driver {
  return driverOf(readEntry(name)?.kind ?? "light");
}
