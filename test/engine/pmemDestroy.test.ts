import { strict as assert } from "node:assert";
import type { Plan } from "../../provider/core/plan/step";
import { PlayedPmem } from "./support/playedPmem";

const mib = 1024 ** 2;
const small = (name: string) => ({ name, label: "SMALL", size: "128 MiB" });
const declared = (names: string[], others: Record<string, unknown> = {}) => ({
  PersistentMemory: { activation: "deferred", namespaces: names.map(small), ...others },
});

describe("namespaces that are destroyed by consent, and an ndctl that fails", function () {
  this.timeout(900_000);
  let pmem: PlayedPmem;

  beforeEach(async () => {
    pmem = await PlayedPmem.start();
    pmem.make(`--mode=raw --size=${32 * mib} --name=bytes`);
    await pmem.core.up(declared(["ours-0", "ours-1"]));
  });
  afterEach(() => pmem?.stop());

  const consentTo = (name: string) => `${name} UUID=${pmem.named(name)[0]!.uuid}`;
  const names = () =>
    pmem
      .namespaces()
      .map(({ name }) => name)
      .sort();

  /** Another one takes the place of ours-1, and by a boot its number and device as well. */
  const replace = (options: string) => {
    const [{ dev } = { dev: "" }] = pmem.named("ours-1");
    pmem.run(`destroy-namespace --force ${dev}`);
    pmem.make(`--mode=devdax --size=${128 * mib} --name=ours-1 ${options}`);
    pmem.host.run("ndctl boot");
    const [now] = pmem.named("ours-1");
    assert.equal(now?.dev, dev, "by what the kernel calls it nobody can tell");
    return now.uuid;
  };

  it("is the one of that UUID, once, and a repeated run has nothing left to do", async () => {
    const consent = { consentToDestroy: [consentTo("ours-1")] };
    const line = `destroy the namespace ours-1, with what is in it: ${consent.consentToDestroy[0]}`;
    await pmem.core.up(declared(["ours-0"], consent));
    assert.ok(pmem.core.said.includes(line), pmem.core.said.join("\n"));
    assert.deepEqual(names(), ["bytes", "ours-0"]);
    pmem.begin();
    await pmem.core.up(declared(["ours-0"], consent));
    assert.deepEqual(
      pmem.calls().filter((call) => !call.startsWith("list")),
      [],
    );
  });

  for (const [what, isSame] of [
    ["with another UUID of its labels", false],
    ["with the same one, made devdax anew", true],
  ] as const) {
    it(`is not another one that is called so by then, ${what}`, async () => {
      const consentToDestroy = [consentTo("ours-1")];
      const [{ rawUuid } = { rawUuid: "" }] = pmem.named("ours-1");
      let other = "";
      const change = (plan: Plan) => {
        other ||= replace(isSame ? `--uuid=${rawUuid}` : "");
        return plan;
      };
      // The plan is made anew, from the host as it is now: the consent is for none of it.
      await pmem.core.up(declared(["ours-0"], { consentToDestroy }), { change }).catch((error: Error) => {
        assert.match(error.message, /ours-1 has UUID|changed while the plan was made/);
      });
      assert.equal(pmem.named("ours-1")[0]?.uuid, other);
      assert.deepEqual(names(), ["bytes", "ours-0", "ours-1"]);
    });
  }

  it("is not one that was made anew at the very restart before it goes", async () => {
    const consentToDestroy = [consentTo("ours-1")];
    const [{ rawUuid, dev } = { rawUuid: "", dev: "" }] = pmem.named("ours-1");
    const make = `ndctl create-namespace --region=region0 --align=2097152 --mode=devdax --size=${128 * mib} --name=ours-1 --uuid=${rawUuid}`;
    pmem.host.run(`printf '%s\\n' 'ndctl destroy-namespace --force ${dev} && ${make}' >/run/somebody-else`);
    await assert.rejects(
      pmem.core.up(declared(["ours-0"], { consentToDestroy })),
      /the namespace ours-1 has UUID [0-9a-f-]{36}, and not [0-9a-f-]{36} as consented/,
    );
    assert.deepEqual(names(), ["bytes", "ours-0", "ours-1"]);
  });

  it("changes nothing of others where a command of ndctl fails, and ends with the next run", async () => {
    const wanted = declared(["ours-0", "ours-2"], { consentToDestroy: [consentTo("ours-1")] });
    const bytes = pmem.named("bytes");
    pmem.run(`disable-namespace ${pmem.named("ours-0")[0]!.dev}`);
    // In the order in which they are needed: each run gets as far as the one that fails.
    const failures = {
      list: /nobody can say what namespaces there are: ndctl list ended with code 1/,
      "enable-namespace": /cannot enable the namespace ours-0: ndctl: enable-namespace: Input/,
      "create-namespace": /cannot create the devdax namespace ours-2 .*: ndctl: create-namespace: Input/,
      "destroy-namespace": /cannot destroy the namespace ours-1.*: ndctl: destroy-namespace: Input/,
    };
    for (const [fail, message] of Object.entries(failures)) {
      pmem.begin({ fail });
      await assert.rejects(pmem.core.up(wanted), message);
      pmem.begin();
      assert.deepEqual(pmem.named("bytes"), bytes, fail);
      assert.equal(pmem.named("ours-1").length, 1, fail);
    }
    pmem.begin();
    await pmem.core.up(wanted);
    assert.deepEqual(names(), ["bytes", "ours-0", "ours-2"]);
    assert.deepEqual(pmem.named("bytes"), bytes);
  });
});
