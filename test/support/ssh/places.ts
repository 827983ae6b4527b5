import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { endSharedLogins } from "./server";

/** A runtime folder of its own for a group of tests, so that they neither use nor leave logins of others. */
export class PrivatePlace {
  private before: string | undefined;
  private runtime = "";
  folder = "";

  enter(): void {
    this.before = process.env["XDG_RUNTIME_DIR"];
    this.runtime = mkdtempSync("/tmp/hr-");
    this.folder = join(this.runtime, "pulumi-hostmem");
    process.env["XDG_RUNTIME_DIR"] = this.runtime;
    mkdirSync(this.folder, { mode: 0o700 });
  }

  leave(): void {
    endSharedLogins(this.folder);
    if (this.before === undefined) delete process.env["XDG_RUNTIME_DIR"];
    else process.env["XDG_RUNTIME_DIR"] = this.before;
    rmSync(this.runtime, { recursive: true, force: true });
  }
}
