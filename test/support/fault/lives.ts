import type { Plan } from "../../../provider/core/plan/step";
import { blankDisks, growDisk } from "../../lab/support/storeState";
import type { Life } from "./life";

export const mountPoint = "/srv/guests/store";

/** Nova's stand-in needs no three seconds of patience, and hundreds of applies would wait for it. */
export const impatient = (plan: Plan): Plan => ({
  ...plan,
  steps: plan.steps.map((step) =>
    step.kind !== "activate"
      ? step
      : { ...step, health: { ...step.health, evidence: { ...step.health.evidence, stableSeconds: 1 } } },
  ),
});

export const disk = "/dev/disk/by-id/nvme-HOSTMEM_LAB_0001";
const foreignUuid = "0b1c9d62-6f0e-4a0a-9c54-0c6fbb2a9d10";

/** Everything that applies do, one after the other: made, grown, set, refused, changed, restarted, taken back. */
export function wholeLife(): Life {
  const store = { BackingStore: { device: disk, fileSystem: "xfs", mountPoint, removeOrphans: true } };
  const memory = (args: Record<string, unknown>) => ({
    FileBackedMemoryConfig: { memoryBackingDir: mountPoint, healthTimeoutSeconds: 30, ...args },
  });
  const orphan = `${mountPoint}/7-instance-00000001/pc.ram`;
  return {
    name: "with xfs and file-backed memory",
    mountPoint,
    cutsDrafts: true,
    renew: ({ host }) => blankDisks(host),
    phases: [
      { name: "make a store", change: (core) => core.up(store) },
      {
        name: "grow it, and remove an orphan",
        before: async ({ host }) => {
          await growDisk(host, 0, 1536);
          await host.succeed(`mkdir -p ${orphan.replace(/\/[^/]*$/, "")} && echo memory > ${orphan}`);
        },
        change: (core) => core.up(store),
      },
      {
        name: "set file-backed memory",
        change: (core) => core.up(memory({ capacity: "512 MiB" }), { change: impatient }),
      },
      {
        name: "be refused by Nova",
        change: (core) => core.up(memory({ capacity: "666 MiB" }), { change: impatient }),
        refusal: /666 is refused/,
        between: { file: "/etc/nova/nova.conf", text: (before) => before.replace("= 512", "= 666") },
      },
      {
        name: "change without a restart",
        change: (core) => core.up(memory({ capacity: "600 MiB", activation: "deferred" })),
      },
      {
        name: "restart what waits for it",
        change: (core) => core.up({ ServiceActivation: { healthTimeoutSeconds: 30 } }, { change: impatient }),
      },
      {
        name: "take file-backed memory back",
        change: (core) => core.destroy(memory({ capacity: "600 MiB" }), { change: impatient }),
      },
      { name: "take the store back", change: (core) => core.destroy(store) },
    ],
  };
}

/** A store where something else was, by consent, below a directory that others gave an owner and a mode. */
export function consentedLife(): Life {
  const store = {
    BackingStore: { device: disk, fileSystem: "ext4", mountPoint, consentToWipe: `xfs UUID=${foreignUuid}` },
  };
  return {
    name: "with ext4 in the place of something else",
    mountPoint,
    renew: async ({ host }) => {
      await blankDisks(host);
      await host.succeed(
        `mkfs.xfs -q -m uuid=${foreignUuid} ${disk}; install -d /srv/guests; install -d -o daemon -g games -m 751 ${mountPoint}`,
      );
    },
    phases: [
      { name: "make a store over it", change: (core) => core.up(store) },
      { name: "take the store back", change: (core) => core.destroy(store) },
    ],
  };
}
