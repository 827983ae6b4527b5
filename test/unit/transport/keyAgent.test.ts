import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyAgent } from "../../../provider/core/transport/keyAgent";
import { Secret } from "../../../provider/core/transport/secret";

describe("the agent for a key given as text", () => {
  let folder: string;
  const path = process.env["PATH"];
  beforeEach(() => {
    folder = mkdtempSync("/tmp/hostmem-agent-");
  });
  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  it("is waited for until it listens, not until its socket has a name", async () => {
    const real = execFileSync("sh", ["-c", "command -v ssh-agent"], { encoding: "utf8" }).trim();
    // What a machine with all its processors busy does by itself: time passes between bind(2) and listen(2).
    const slow = `#!/usr/bin/env python3
import os, socket, sys, time
place = sys.argv[sys.argv.index("-a") + 1]
socket.socket(socket.AF_UNIX).bind(place)
time.sleep(0.3)
os.unlink(place)
os.execv("${real}", sys.argv)
`;
    writeFileSync(join(folder, "ssh-agent"), slow, { mode: 0o755 });
    const file = join(folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
    process.env["PATH"] = `${folder}:${path}`;
    const agent = await KeyAgent.start("host", folder, new Secret(readFileSync(file, "utf8")), undefined);
    try {
      const listed = execFileSync("ssh-add", ["-L"], { env: { ...process.env, SSH_AUTH_SOCK: agent.socket } });
      assert.equal(listed.toString().split(" ")[1], readFileSync(`${file}.pub`, "utf8").split(" ")[1]);
    } finally {
      agent.stop();
    }
  });
});
