import { strict as assert } from "node:assert";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { sourceFolder } from "../../../support/lab/places";
import { run } from "../../../support/lab/process";

const shipped = `[DEFAULT]
# The address. (string value)
#my_ip = <host>
my_ip = 192.0.2.2

# Where messages go. (string value)
#transport_url = rabbit://

[libvirt]
#
# From nova.conf
#
`;

describe("options placed into a shipped configuration file", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "place-"));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  async function placed(fragment: string): Promise<string> {
    const file = path.join(folder, "nova.conf");
    fs.writeFileSync(file, shipped);
    await run("python3", [path.join(sourceFolder(), "image", "place_options.py"), file], { input: fragment });
    return fs.readFileSync(file, "utf8");
  }

  it("replace an assignment that is there", async () => {
    assert.equal(await placed("[DEFAULT]\nmy_ip = 127.0.0.1\n"), shipped.replace("192.0.2.2", "127.0.0.1"));
  });

  it("stand below their commented example", async () => {
    const line = "#transport_url = rabbit://\n";
    const expected = shipped.replace(line, `${line}transport_url = rabbit://guest@[::1]:5672/\n`);
    assert.equal(await placed("[DEFAULT]\ntransport_url = rabbit://guest@[::1]:5672/\n"), expected);
  });

  it("stand at the top of their section when it has no example", async () => {
    assert.equal(
      await placed("[libvirt]\nvirt_type = qemu\n"),
      shipped.replace("[libvirt]\n", "[libvirt]\nvirt_type = qemu\n"),
    );
  });

  it("bring their section when the file has none", async () => {
    assert.equal(await placed("[quota]\nram = -1\n"), `${shipped}\n[quota]\nram = -1\n`);
  });
});
