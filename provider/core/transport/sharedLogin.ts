import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "./connection";
import { loginKey } from "./identity";
import { listens } from "./listens";
import { login } from "./login";
import { hopError } from "./loginErrors";
import { withLoginLock } from "./loginLock";
import { folderSalt, privateFolder, sweep } from "./privateFolder";
import { dialUntilReached } from "./retry";

/** Sessions at once over one connection. sshd allows ten (MaxSessions); other processes want some, too. */
const MAX_SESSIONS = 6;

/** One login to one host, shared by all who want it: in this process through this object, between processes by its socket. */
export class SharedLogin {
  private static readonly known = new Map<string, SharedLogin>();
  private opening: Promise<void> | undefined;
  private free = MAX_SESSIONS;
  private readonly waiting: (() => void)[] = [];

  private constructor(
    readonly connection: Connection,
    private readonly folder: string,
    readonly socket: string,
    private readonly hop: SharedLogin | undefined,
  ) {}

  /** The login for a connection; logs nobody in yet. */
  static of(connection: Connection): SharedLogin {
    const folder = privateFolder(connection.host);
    const key = loginKey(connection, folderSalt(folder));
    const socket = join(folder, key);
    const known = SharedLogin.known.get(socket);
    if (known) return known;
    const hop = connection.proxy && SharedLogin.of(connection.proxy);
    if (SharedLogin.known.size === 0) sweep(folder);
    const made = new SharedLogin(connection, folder, socket, hop);
    SharedLogin.known.set(socket, made);
    return made;
  }

  /**
   * Makes sure that there is a login.
   * @throws HostError when the host, or the hop before it, cannot be reached or refuses us.
   */
  open(): Promise<void> {
    this.opening ??= this.logInUnlessOpen().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  isOpen(): Promise<boolean> {
    return listens(this.socket);
  }

  /** Waits for one of the sessions that may be used at once; the returned function gives it back. */
  async session(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    };
  }

  private async logInUnlessOpen(): Promise<void> {
    if (await this.isOpen()) return;
    await withLoginLock(
      `${this.socket}.l`,
      () => this.isOpen(),
      async () => {
        if (await this.isOpen()) return;
        await this.openHop();
        await dialUntilReached(this.connection.dialErrorLimit, () => this.dial());
      },
    );
  }

  /** Not a part of a dial: the hop counts its own failures. */
  private async openHop(): Promise<void> {
    try {
      await this.hop?.open();
    } catch (error) {
      throw hopError(this.connection.host, error);
    }
  }

  private async dial(): Promise<void> {
    if (this.hop && !(await this.hop.isOpen())) await this.openHop();
    // Nobody listens on it any more (and nobody else logs in now): ssh would take it for a connection in use.
    if (!(await this.isOpen())) rmSync(this.socket, { force: true });
    await login(this.connection, this.folder, this.socket, this.hop?.socket);
  }
}
