import assert from "node:assert/strict";
import { effective, effectiveMulti, parseOsloFile, type Surroundings } from "../../../provider/core/files/osloConfig";

const files = (...texts: string[]) => texts.map((text, index) => parseOsloFile(`/${index}.conf`, text));
const options = {
  "DEFAULT.my_ip": { type: "string", default: "127.0.0.1" },
  "DEFAULT.a": { type: "string", default: null },
  "libvirt.memory": { type: "integer", default: 0, min: 0 },
  "libvirt.ratio": { type: "float", default: null },
} as const;

function value(text: string, option = "x", surroundings: Surroundings = { options }) {
  const found = effective(files(`[libvirt]\n${text}\n`), "libvirt", option, surroundings);
  return found?.value ?? found?.unresolved;
}

describe("the value that counts", () => {
  it("is the last one over lines, sections in any case, and files", () => {
    const found = effective(
      files("[libvirt]\nx=1\n", "[libvirt]\nx=2\n[a]\nx=9\n[LIBVIRT]\nx=3\nx=4\n", "[a]\nx=5\n"),
      "libvirt",
      "x",
    );
    assert.deepEqual([found?.value, found?.path, found?.assignment?.line], ["4", "/1.conf", 7]);
  });

  it("is not the one of another section, of DEFAULT, or of a name in other letters", () => {
    assert.equal(effective(files("[DEFAULT]\nx=1\n[ libvirt ]\nx=2\n[libvirt]\nX=3\n"), "libvirt", "x"), undefined);
    assert.equal(effective(files("[default]\nx=1\n"), "DEFAULT", "x"), undefined);
  });

  it("is the environment's if that has one, even an empty one", () => {
    const environment = { OS_LIBVIRT__FILE_BACKED_MEMORY: "77", OS_DEFAULT__A: "" };
    const found = effective(files("[libvirt]\nfile_backed_memory=1\n"), "libvirt", "file_backed_memory", {
      environment,
    });
    assert.deepEqual([found?.value, found?.variable, found?.path], ["77", "OS_LIBVIRT__FILE_BACKED_MEMORY", undefined]);
    assert.equal(effective(files("[DEFAULT]\na=1\n"), "DEFAULT", "a", { environment })?.value, "");
  });

  it("of a repeated option are all of them in parse order", () => {
    const found = effectiveMulti(files("[DEFAULT]\nr=1\nr=2\n", "[DEFAULT]\nr=1\n"), "DEFAULT", "r");
    assert.deepEqual(
      found.map((each) => [each.value, each.path]),
      [
        ["1", "/0.conf"],
        ["2", "/0.conf"],
        ["1", "/1.conf"],
      ],
    );
  });

  it("of a repeated option are the letters of an environment variable", () => {
    const read = (text: string) =>
      effectiveMulti(files("[DEFAULT]\nr=1\n"), "DEFAULT", "r", { environment: { OS_DEFAULT__R: text } });
    assert.deepEqual(
      read("ab").map((each) => each.value),
      ["a", "b"],
    );
    assert.deepEqual(read(""), []);
  });
});

describe("interpolation", () => {
  it("inserts options of the same section, of DEFAULT and of a named section", () => {
    assert.equal(
      value("memory = 1_024\nx = $memory/${my_ip}/${libvirt.memory}/$libvirt.memory"),
      "1024/127.0.0.1/1024/1024",
    );
  });

  it("inserts values as Python prints them, and nothing for None", () => {
    assert.equal(value("ratio = 1\nx = $ratio,$a"), "1.0,");
    assert.equal(value("x = <$ratio>"), "<>");
  });

  it("leaves dollars that are escaped or before nothing that is a name", () => {
    assert.equal(value("x = $$my_ip \\$my_ip $5 50$ ${ $"), "$my_ip $my_ip $5 50$ ${ $");
  });

  it("says what it cannot resolve", () => {
    assert.match(value("x = $nowhere")!, /\$nowhere is no option known here/);
    assert.match(value("x = ${DEFAULT.my_ip}")!, /no option known here/);
    assert.match(value("memory = -1\nx = $memory")!, /greater than or equal to 0/);
    assert.match(value("memory = $memory", "memory")!, /refers to itself/);
  });

  it("goes by the value that counts for the inserted option too", () => {
    assert.equal(value("x = $my_ip", "x", { options, environment: { OS_DEFAULT__MY_IP: "::1" } }), "::1");
  });
});
