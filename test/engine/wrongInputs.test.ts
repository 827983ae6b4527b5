import { strict as assert } from "node:assert";
import { sampled } from "../support/sampled";
import { LightHost } from "../support/sandbox/lightHost";
import { beginTrial } from "../support/trials";
import { type WrongInput, wrongInputs } from "../support/wrongInputs/table";
import { Project } from "./support/project";

const program = `
const hostmem = require("pulumi-hostmem");
const { kind, args } = JSON.parse(process.env.TEST_RESOURCE);
const resource = new hostmem[kind]("compute-1", args);
`;

/** Wrong whatever the host is: those of them that a program can be written for, one for each property and resource. */
const candidates = wrongInputs()
  .flatMap(({ rows }) => rows)
  .filter(({ host, before, path }) => Object.keys(host).length === 0 && before.length === 0 && path !== "")
  .filter((row, index, all) => all.findIndex((each) => each.kind === row.kind && each.path === row.path) === index);

/** Wrong on any host like the light one, and in a part of a whole host. */
const others: Pick<WrongInput, "what" | "kind" | "program" | "path" | "wrong" | "advice">[] = [
  {
    what: "a device that the host does not have",
    kind: "BackingStore",
    program: { device: "/dev/disk/by-id/no-such-disk" },
    path: "device",
    wrong: "does not exist on the host",
    advice: "compare with ls -l /dev/disk/by-id there",
  },
  {
    what: "a mistake in a part of a whole host",
    kind: "ComputeHost",
    program: { fileBackedMemory: { capacity: "1.5GB" } },
    path: "capacity",
    wrong: "can mean powers of 1000",
    advice: 'write "1.5 GiB"',
  },
];

describe("pulumi preview of what is wrong", function () {
  this.timeout(300_000);
  let host: LightHost;
  let project: Project;
  before(async () => {
    host = await LightHost.start();
    const environment = { PATH: `${host.shell}:${process.env["PATH"]}` };
    project = await Project.create({ program: { javascript: program }, environment });
  });
  after(async () => {
    project?.remove();
    await host?.stop();
  });

  for (const row of [...sampled("wrong inputs", candidates, 2), ...others]) {
    it(`prints what is wrong with ${row.what}, and changes nothing`, async () => {
      const prove = beginTrial("wrong inputs, as Pulumi prints them", `${row.kind}: ${row.what}`, [
        "refused",
        "path named",
        "advice given",
        "nothing changed",
      ]);
      const connection = { host: "localhost", transport: "local", user: "root" };
      const given = Object.entries({ connection, become: "none", ...row.program }).filter(
        ([, value]) => value !== null,
      );
      const resource = JSON.stringify({ kind: row.kind, args: Object.fromEntries(given) });
      const before = host.files(["/"]);
      const preview = await project.preview({ mustSucceed: false, environment: { TEST_RESOURCE: resource } });
      assert.notEqual(preview.code, 0);
      prove("refused");
      const errors = preview.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
      const about = errors.filter((message) =>
        [`property ${row.path} value`, `has a problem: ${row.path}: `, `] ${row.path}: `].some((part) =>
          message.includes(part),
        ),
      );
      assert.notDeepEqual(about, [], errors.join("\n"));
      prove("path named");
      assert.ok(
        about.some((message) => message.includes(row.wrong) && message.includes(row.advice)),
        about.join("\n"),
      );
      prove("advice given");
      assert.deepEqual(host.files(["/"]), before);
      assert.deepEqual((await project.exportStack()).deployment.resources ?? [], []);
      prove("nothing changed");
    });
  }
});
