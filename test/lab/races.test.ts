import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import type { OperationResult } from "../engine/support/project";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { beginTrial } from "../support/trials";
import { errorsOf, hostLines, LabStack } from "./support/labStack";
import { traces } from "./support/novaState";
import { type Declared, programOf } from "./support/programs";
import { holdFirst, noteEffects, standInForNova, turnsOf } from "./support/standIn";

const store = { fileSystem: "tmpfs", size: "64 MiB", mountPoint: "/srv/guest-memory" };
const memory = (capacity: string) => ({ capacity, healthTimeoutSeconds: 60 });
const ups = (one: Declared, other: Declared) => ({ one, other });

/** What one side does while the other one is at it. */
type Act = "up" | "destroy" | "refresh";
interface Race {
  name: string;
  /** What each declares, and what each of them does; the second one starts some milliseconds later, by lot. */
  declared: { one: Declared; other: Declared };
  acts: [Act, Act];
  /** Both are the same stack, of one state. */
  isSameStack?: true;
}

const races: Race[] = [
  { name: "two stacks, an object each", declared: ups({ memory: memory("1 GiB") }, { store }), acts: ["up", "up"] },
  {
    name: "two checkouts of one stack",
    declared: ups({ memory: memory("1 GiB") }, { memory: memory("2 GiB") }),
    acts: ["up", "up"],
  },
  { name: "one stack twice", declared: ups({ memory: memory("1 GiB") }, {}), acts: ["up", "up"], isSameStack: true },
  { name: "an up beside a destroy", declared: ups({ memory: memory("2 GiB") }, { store }), acts: ["up", "destroy"] },
  {
    name: "a destroy beside a refresh",
    declared: ups({ memory: memory("1 GiB") }, { store }),
    acts: ["destroy", "refresh"],
  },
  {
    name: "memory in the store, up beside the store's destroy",
    declared: ups({ memory: { ...memory("auto"), memoryBackingDir: store.mountPoint } }, { store }),
    acts: ["up", "destroy"],
  },
  { name: "an up beside a refresh", declared: ups({ memory: memory("1 GiB") }, { store }), acts: ["up", "refresh"] },
];

/** Only these show that two applies met, whichever of them went first. */
const met = [
  /waits for the lock held by hostmem-/,
  /another apply holds this host: hostmem-/,
  /the host has changed since the preview/,
  /changed while the plan was made/,
  /another apply changed this host right after this one: hostmem-/,
];

/** Why one of two may fail: it was told who holds the host or the stack, or what has changed meanwhile. */
const explained = [
  /another apply holds this host: hostmem-\w+\/\w+\/compute-1, pid \d+/,
  /the stack is currently locked by \d+ lock/,
  /the host has changed since the preview/,
  /changed while the plan was made/,
  // The store went first, or its memory came first.
  /mount a store at \S+ first/,
  /Remove its FileBackedMemoryConfig first/,
  /belongs to hostmem-\w+\/\w+\/compute-1/,
  /another apply changed this host right after this one: hostmem-\w+\/\w+\/compute-1, pid \d+/,
];

describe("two pipelines at once on one host", function () {
  this.timeout(400_000);
  let host: LabHost;
  let novaConf: string;
  before(async function () {
    this.timeout(20 * 60_000);
    host = await startLabHost({ kind: "light", name: "races" });
    await standInForNova(host);
    await noteEffects(host);
    novaConf = await host.readFile("/etc/nova/nova.conf");
  });
  after(() => host?.destroy());

  const trials = races.flatMap((race) => Array.from({ length: 5 }, (_, index) => ({ race, index })));
  for (const { race, index } of sampled("two pipelines", trials, 2)) {
    const name = `${race.name}, lot ${index + 1}`;
    it(`do not mix: ${name}`, async () => {
      const { declared, acts, isSameStack } = race;
      const one = await LabStack.create(host, { program: programOf(declared.one), name: "hostmem-test" });
      const isCheckout = race.name.startsWith("two checkouts");
      const other = isSameStack
        ? one
        : await LabStack.create(host, {
            program: programOf(declared.other),
            name: isCheckout ? "hostmem-test" : "hostmem-other",
          });
      try {
        // What is destroyed or refreshed must be there.
        if (acts[0] !== "up") await one.up();
        if (acts[1] !== "up") await other.up();
        await host.succeed(": > /run/effects");
        const applies = acts.filter((each) => each !== "refresh").length;
        const isHeld = index === 0 && applies === 2 && !isSameStack;
        // The first of two that both apply goes on only once the other one waits for it.
        if (isHeld) await holdFirst(host);
        const first = act(one, acts[0]);
        await new Promise((resolve) => setTimeout(resolve, lot(name, 4000)));
        const results = await Promise.all([first, act(other, acts[1])]);

        const said = results.flatMap(({ stdout, stderr }) => [stdout, stderr]).join("\n");
        const haveMet = met.some((each) => each.test(said));
        assert.ok(haveMet || !isHeld, said);
        // A refresh applies nothing, and Pulumi itself keeps out the second one of a stack: nothing can be mixed there.
        const prove = beginTrial("races", name, [
          ...(haveMet ? (["no interleaving"] as const) : []),
          "converged or explained",
        ]);
        const order = await turnsOf(host);
        assert.equal(
          new Set(order).size,
          order.length,
          `${order.join(" ")}\n${await host.succeed("cat /run/effects")}`,
        );
        if (haveMet) prove("no interleaving");
        const isOrphaned = await offersUnmountedStore(host);
        assert.ok(!isOrphaned, `Nova offers memory of a store that is not mounted: ${said}`);

        for (const result of results) {
          const why = errorsOf(result) + result.stderr;
          assert.ok(result.code === 0 || explained.some((each) => each.test(why)), why);
        }
        assert.ok(
          results.some(({ code }) => code === 0),
          results.map(errorsOf).join("\n"),
        );
        assert.deepEqual(
          results.flatMap(hostLines).filter((line) => /half|corrupt/.test(line)),
          [],
        );
        // Whoever goes on alone ends where it is declared, and leaves the host as it was.
        const hasStore = declared.one.memory?.["memoryBackingDir"] === undefined || (await isStoreMounted(host));
        if (acts[0] === "up" && hasStore) {
          await one.up();
          await one.preview({ expectNoChanges: true });
        }
        await one.destroy();
        if (other !== one) await other.destroy();
        assert.equal(await host.readFile("/etc/nova/nova.conf"), novaConf);
        assert.deepEqual(await traces(host), []);
        prove("converged or explained");
      } finally {
        one.remove();
        if (other !== one) other.remove();
      }
    });
  }
});

const isStoreMounted = async (host: LabHost) => (await host.readFile("/proc/mounts")).includes(` ${store.mountPoint} `);

/** What must never be: guests would get their memory from the disk below the mount point. */
async function offersUnmountedStore(host: LabHost): Promise<boolean> {
  const isOffered = /^file_backed_memory\s*=\s*[1-9]/m.test(await host.readFile("/etc/nova/nova.conf"));
  const isThere = (await host.readFile("/etc/libvirt/qemu.conf")).includes(
    `memory_backing_dir = "${store.mountPoint}"`,
  );
  return isOffered && isThere && !(await isStoreMounted(host));
}

function act(stack: LabStack, what: Act): Promise<OperationResult> {
  return stack[what]({ mustSucceed: false });
}

/** Milliseconds by lot, the same for the same seed. */
function lot(trial: string, limit: number): number {
  const hash = createHash("sha256")
    .update(`${process.env["HOSTMEM_SEED"] ?? "0"} ${trial}`)
    .digest();
  return hash.readUInt32BE(0) % limit;
}
