import { strict as assert } from "node:assert";
import type { CloudFacts } from "../../../../provider/core/openstack/rules/facts";
import { cloudProblems, type WantedMemory } from "../../../../provider/core/openstack/rules/preview";
import { oldestCompute } from "../../../../provider/core/openstack/rules/releases";

const memory = { total: 4096, reserved: 0, minUnit: 1, maxUnit: 4096, stepSize: 1, allocationRatio: 1 };
const facts = (changes: Partial<CloudFacts> = {}): CloudFacts => ({
  cloud: "production",
  host: "compute-1",
  service: { id: "s", host: "compute-1", isEnabled: true, disabledReason: undefined, isUp: true },
  provider: { id: "p", memory, allocatedMb: 3000, traits: [] },
  aggregates: [],
  apiMaximum: 93,
  computes: [{ host: "compute-1", hasTraitOfStein: true }],
  ...changes,
});
const wanted = (changes: Partial<WantedMemory> = {}): WantedMemory => ({
  memoryMb: 3000,
  reservedMb: 0,
  allowHazards: [],
  ...changes,
});
const aggregate = (metadata: Record<string, string>) => ({ name: "group", hosts: ["compute-1"], metadata });
const nobody: ReadonlyMap<string, string> = new Map();

const said = (want: WantedMemory, cloud: CloudFacts) =>
  cloudProblems(want, cloud, nobody).problems.map(({ path, message }) => `${path}: ${message}`);

describe("a cloud", () => {
  it("has nothing against a host as it should be", () => {
    assert.deepEqual(cloudProblems(wanted(), facts(), nobody), { problems: [], warnings: [] });
  });

  it("has something against an aggregate with another ratio, and says which", () => {
    for (const ratio of ["1.5", "16.0", "0", "", "much"]) {
      const [problem] = said(wanted(), facts({ aggregates: [aggregate({ ram_allocation_ratio: ratio })] }));
      assert.match(problem ?? "", /aggregate group has ram_allocation_ratio = .*aggregate unset --property/, ratio);
    }
    const right: Record<string, string>[] = [
      { ram_allocation_ratio: "1.0" },
      { ram_allocation_ratio: "1" },
      { ssd: "true" },
    ];
    for (const metadata of right) {
      assert.deepEqual(said(wanted(), facts({ aggregates: [aggregate(metadata)] })), []);
    }
  });

  it("has something against less than guests hold, unless that hazard is allowed", () => {
    const [problem] = said(wanted({ memoryMb: 2999 }), facts());
    assert.match(problem ?? "", /^capacity: leaves 2999 MiB for guests, but .* hold 3000 MiB in placement/);
    assert.equal(said(wanted({ memoryMb: 3512, reservedMb: 513 }), facts()).length, 1);
    assert.deepEqual(said(wanted({ memoryMb: 3512, reservedMb: 512 }), facts()), []);
    assert.deepEqual(said(wanted({ memoryMb: 1, allowHazards: ["capacity-below-used"] }), facts()), []);
  });

  it("is not the one of a host that it does not know", () => {
    const computes = Array.from({ length: 7 }, (_, at) => ({ host: `c${at}`, hasTraitOfStein: true }));
    const [problem, ...others] = said(wanted({ memoryMb: 1 }), facts({ service: undefined, computes }));
    assert.deepEqual(others, []);
    assert.match(
      problem!,
      /^openstack: is production, which has no nova-compute on compute-1, but on c0, .*c4 and 2 more/,
    );
    assert.match(
      said(wanted(), facts({ service: undefined, computes: [] }))[0]!,
      /no nova-compute on compute-1\. Name/,
    );
  });

  it("that has a host, but not in placement, is warned of", () => {
    const { problems, warnings } = cloudProblems(wanted(), facts({ provider: undefined }), nobody);
    assert.deepEqual(problems, []);
    assert.match(warnings.join(), /placement of production does not know this host yet/);
  });

  it("is refused for computes that are too old, and warned of where nobody knows", () => {
    assert.match(
      said(wanted(), facts({ apiMaximum: 60 })).join(),
      /needs Nova 18.0.0 .* every compute of production is/,
    );
    const computes = [{ host: "compute-2", hasTraitOfStein: false }];
    const { problems, warnings } = cloudProblems(wanted(), facts({ apiMaximum: 72, computes }), nobody);
    assert.deepEqual(problems, []);
    assert.match(warnings.join(), /18.0.0 or newer is unknown; nothing says so of compute-2/);
  });
});

describe("the oldest compute", () => {
  const computes = [
    { host: "a", hasTraitOfStein: true },
    { host: "b", hasTraitOfStein: false },
  ];
  const versions = (b: string | undefined) => new Map([["b", b]]);

  it("is too old where the control plane is, which is upgraded first", () => {
    assert.deepEqual(oldestCompute(facts({ apiMaximum: 64 }), versions("18.0.0")), {
      verdict: "too old",
      who: "every compute of production",
    });
  });

  it("is too old where its own host says so, whatever Nova should have refused", () => {
    for (const apiMaximum of [65, 72, 93])
      assert.deepEqual(oldestCompute(facts({ apiMaximum, computes }), versions("17.0.13")), {
        verdict: "too old",
        who: "b",
      });
  });

  it("is proved by a Nova that refuses older ones", () => {
    assert.deepEqual(oldestCompute(facts({ apiMaximum: 88, computes }), nobody), { verdict: "proved" });
  });

  it("is proved host by host: by a trait, or by what its host says", () => {
    assert.deepEqual(oldestCompute(facts({ apiMaximum: 87, computes }), versions("18.0.0")), { verdict: "proved" });
    assert.deepEqual(oldestCompute(facts({ apiMaximum: 87, computes }), versions(undefined)), {
      verdict: "unknown",
      hosts: ["b"],
    });
  });
});
