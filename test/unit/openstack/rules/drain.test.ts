import { strict as assert } from "node:assert";
import type { ComputeService, Server } from "../../../../provider/core/openstack/nova";
import {
  type DrainOptions,
  drainReason,
  isDisabledBy,
  nextDrainAction,
} from "../../../../provider/core/openstack/rules/drain";

const reason = drainReason("cloud/production/compute-1");
const migrate: DrainOptions = { mode: "migrate", reason, timeoutMs: 60_000 };

const service = (changes: Partial<ComputeService> = {}): ComputeService => ({
  id: "s",
  host: "compute-1",
  isEnabled: false,
  disabledReason: reason,
  isUp: true,
  ...changes,
});
const server = (status: string, changes: Partial<Server> = {}): Server => ({
  id: `id-${status}`,
  name: `guest-${status}`,
  status,
  task: undefined,
  fault: undefined,
  ...changes,
});

const next = (
  servers: Server[],
  { attempts = [] as [string, number][], at = 0, options = migrate, of = service() as ComputeService | null } = {},
) => nextDrainAction(of ?? undefined, servers, { startedAt: 0, attempts: new Map(attempts) }, options, at);

describe("draining a host", () => {
  it("begins with keeping new guests away", () => {
    assert.deepEqual(next([server("ACTIVE")], { of: service({ isEnabled: true }) }), { do: "disable" });
  });

  it("is done with that where nothing else was asked for", () => {
    assert.deepEqual(next([], { options: { ...migrate, mode: "disable" } }), { do: "done", staying: [] });
  });

  it("moves running guests, one at a time", () => {
    const guests = [server("SHUTOFF"), server("ACTIVE"), server("PAUSED")];
    assert.deepEqual(next(guests), { do: "migrate", server: guests[1] });
    assert.deepEqual(next([guests[1]!, server("MIGRATING")]), {
      do: "wait",
      for: "guest-MIGRATING (id-MIGRATING) (migrating)",
    });
    assert.equal(next([server("ACTIVE", { task: "migrating" })]).do, "wait");
    assert.deepEqual(next([guests[2]!]), { do: "migrate", server: guests[2] });
  });

  it("leaves guests that do not run, and says which", () => {
    const guests = ["SHUTOFF", "SUSPENDED", "SHELVED", "ERROR"].map((status) => server(status));
    assert.deepEqual(next(guests), { do: "done", staying: guests });
  });

  it("waits for a stopped guest that is being started", () => {
    assert.equal(next([server("SHUTOFF", { task: "powering-on" })]).do, "wait");
  });

  it("tries a guest that came back once more, and then gives up with Nova's own words", () => {
    const guest = server("ACTIVE", { fault: "No valid host was found." });
    assert.equal(next([guest], { attempts: [[guest.id, 1]] }).do, "migrate");
    const action = next([guest], { attempts: [[guest.id, 2]] });
    assert.ok(action.do === "fail");
    assert.match(action.problem, /guest-ACTIVE \(id-ACTIVE\) did not move: No valid host was found\./);
    assert.match(action.advice, /openstack server migration list --server id-ACTIVE/);
  });

  it("gives up for a state that nothing but a person ends", () => {
    for (const status of ["VERIFY_RESIZE", "RESCUE", "UNKNOWN", "A_STATE_OF_2040"]) {
      const action = next([server(status)]);
      assert.ok(action.do === "fail" && action.problem.includes(`is ${status} and cannot be live migrated`), status);
    }
  });

  it("gives up in the end, whatever a guest is doing", () => {
    const guests = [server("ACTIVE"), server("MIGRATING"), server("SHUTOFF")];
    assert.notEqual(next(guests, { at: 59_999 }).do, "fail");
    const action = next(guests, { at: 60_000 });
    assert.ok(action.do === "fail");
    assert.match(action.problem, /after 60 s still here: guest-ACTIVE \(id-ACTIVE\), guest-MIGRATING/);
    assert.doesNotMatch(action.problem, /SHUTOFF/);
  });

  it("moves nothing off a host that is down, and needs nothing moved off an empty one", () => {
    const action = next([server("ACTIVE")], { of: service({ isUp: false }) });
    assert.ok(action.do === "fail" && /is down/.test(action.problem));
    assert.equal(next([], { of: service({ isUp: false }) }).do, "done");
  });

  it("ends with a host that Nova does not have any more", () => {
    assert.equal(next([], { of: null }).do, "fail");
  });
});

describe("a disabled service", () => {
  it("is ours to enable only if we disabled it", () => {
    assert.ok(isDisabledBy(reason, service()));
    assert.ok(!isDisabledBy(reason, service({ disabledReason: "a disk is broken" })));
    assert.ok(!isDisabledBy(reason, service({ disabledReason: undefined })));
    assert.ok(!isDisabledBy(reason, service({ isEnabled: true })));
    assert.ok(!isDisabledBy(reason, service({ disabledReason: drainReason("cloud/production/compute-2") })));
    assert.ok(!isDisabledBy(reason, undefined));
  });

  it("has a reason that Nova can keep", () => {
    assert.ok(drainReason("x".repeat(400)).length <= 255);
  });
});
