import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostError } from "../errors";

/**
 * The longest path a shared connection's socket may have. The kernel's bound is 107 bytes (103 on macOS), and ssh first
 * binds a temporary name 17 bytes longer.
 */
const MAX_SOCKET_PATH = 86;
/** Room for the longest file name we use in the folder. */
const NAME_ROOM = 26;

/**
 * The folder for sockets and short-lived files: ours alone, and the same for every process of this user, so that a preview
 * and the update after it share one login.
 *
 * @throws HostError when somebody else made a folder of that name: sockets in it would be theirs to listen on.
 */
export function privateFolder(host: string): string {
  const user = ownUser();
  const places = [
    ...(process.env["XDG_RUNTIME_DIR"] ? [join(process.env["XDG_RUNTIME_DIR"], "pulumi-hostmem")] : []),
    join(tmpdir(), `pulumi-hostmem-${user}`),
    join("/tmp", `pulumi-hostmem-${user}`),
  ];
  const place = places.find((path) => path.length + NAME_ROOM <= MAX_SOCKET_PATH && isUsable(path, user));
  if (!place) throw unusable(host, places.at(-1) ?? "/tmp");
  const found = lstatSync(place);
  if (!found.isDirectory() || found.uid !== user || (found.mode & 0o077) !== 0) throw unusable(host, place);
  return place;
}

/**
 * What is needed for a login or a run only, by name: askpass sockets and helpers, agents, pinned keys, read-ahead sockets, locks,
 * drafts.
 */
const SHORT_LIVED = /^([ahkr][0-9a-f]{10}(\.sh)?|[0-9a-f]{20}\.l[0-9a-f]*|salt\..*)$/;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Removes what processes that were killed in a login have left; nothing of it is secret. */
export function sweep(folder: string): void {
  for (const name of readdirSync(folder).filter((candidate) => SHORT_LIVED.test(candidate))) {
    const path = join(folder, name);
    try {
      if (Date.now() - lstatSync(path).mtimeMs > DAY_MS) rmSync(path, { force: true });
    } catch {
      // Gone: somebody else sweeps, too.
    }
  }
}

/** A random text that stays the same while the folder lives. It keeps names made from secrets from being guessed backwards. */
export function folderSalt(folder: string): string {
  const path = join(folder, "salt");
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const salt = readFileSync(path, "latin1");
      if (salt.length === 64) return salt;
      rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    // Linked into place complete, so that two processes agree on one salt.
    const draft = join(folder, `salt.${randomBytes(6).toString("hex")}`);
    writeFileSync(draft, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
    try {
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return readFileSync(path, "latin1");
}

/** Makes the folder where its parent allows that; a runtime folder of another user (as `sudo` may leave behind) does not count. */
function isUsable(path: string, user: number): boolean {
  try {
    if (path.endsWith("/pulumi-hostmem") && lstatSync(join(path, "..")).uid !== user) return false;
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST";
  }
}

function unusable(host: string, path: string): HostError {
  return new HostError("refused", host, `${path} is not a private folder of this user`, {
    advice: "Remove it, or set XDG_RUNTIME_DIR to a folder that only you can enter.",
  });
}

function ownUser(): number {
  return process.getuid?.() ?? 0;
}
