import { strict as assert } from "node:assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readCloudFiles } from "../../../provider/core/openstack/cloudFiles";
import { CloudError } from "../../../provider/core/openstack/errors";

describe("the files of clouds", () => {
  let home: string;
  const write = (path: string, text = path) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  const found = (environment: Record<string, string> = {}) =>
    readCloudFiles({ HOME: home, ...environment }, join(home, "program"));

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "hostmem-clouds-"));
    mkdirSync(join(home, "program"));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("are looked for beside the program, then in the user's folders, each for itself", () => {
    write(".config/openstack/secure.yaml");
    write(".config/openstack/clouds.yaml");
    assert.equal(found().clouds?.path, join(home, ".config/openstack/clouds.yaml"));
    write("program/clouds.yml");
    assert.deepEqual(found().clouds, { path: join(home, "program/clouds.yml"), text: "program/clouds.yml" });
    assert.equal(found().secure?.path, join(home, ".config/openstack/secure.yaml"));
  });

  it("are first those that variables name", () => {
    write("program/clouds.yaml");
    write("mine.json");
    assert.equal(found({ OS_CLIENT_CONFIG_FILE: join(home, "mine.json") }).clouds?.text, "mine.json");
    assert.equal(found({ OS_CLIENT_CONFIG_FILE: join(home, "none") }).clouds?.text, "program/clouds.yaml");
    assert.equal(found({ OS_CLIENT_SECURE_FILE: join(home, "mine.json") }).secure?.text, "mine.json");
  });

  it("that are none are an error, and no reason to look further", () => {
    mkdirSync(join(home, "program/clouds.yaml"));
    assert.throws(
      () => found(),
      (error) => error instanceof CloudError && /clouds.yaml cannot be read: EISDIR/.test(error.message),
    );
  });
});
