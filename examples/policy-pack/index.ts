import { PolicyPack } from "@pulumi/policy";
import { hostsOf, kindOf, known, ofKind } from "./hosts";

interface Connection {
  hostKeyChecking?: string;
  proxy?: Connection;
}

/** Hops of a connection whose host keys nobody checks. */
function unchecked(connection: Connection | undefined, path = "connection"): string[] {
  if (connection === undefined) return [];
  const here = known(() => connection.hostKeyChecking) === "off" ? [`${path}.hostKeyChecking`] : [];
  return [...here, ...unchecked(known(() => connection.proxy) ?? undefined, `${path}.proxy`)];
}

new PolicyPack("hostmem", {
  enforcementLevel: "mandatory",
  policies: [
    {
      name: "one-owner-per-host-object",
      description: "What a host has once is declared once, so that no two resources undo each other.",
      validateStack: ({ resources }, reportViolation) => {
        for (const onHost of hostsOf(resources)) {
          for (const [index, resource] of onHost.entries()) {
            const first = onHost.findIndex(({ type }) => type === resource.type);
            if (first === index) continue;
            const kind = kindOf(resource.type);
            reportViolation(
              `${resource.name} is a second ${kind} of its host, beside ${onHost[first]?.name}.`,
              resource.urn,
            );
          }
        }
      },
    },
    {
      name: "host-key-checked",
      description: "Host keys are checked, on the host itself and on every host in between.",
      validateResource: ({ type, props }, reportViolation) => {
        if (kindOf(type) === undefined) return;
        for (const path of unchecked(known(() => props["connection"] as Connection))) {
          reportViolation(`${path} is "off": pin the key with hostKey, or let known_hosts decide.`);
        }
      },
    },
    {
      name: "capacity-within-store",
      description: "Nova offers no more memory than the host's store holds, less a reserve.",
      configSchema: {
        properties: {
          reservePercent: { type: "number", minimum: 0, maximum: 99, default: 0 },
        },
      },
      validateStack: ({ resources, getConfig }, reportViolation) => {
        const { reservePercent } = getConfig<{ reservePercent: number }>();
        for (const onHost of hostsOf(resources)) {
          const [store] = ofKind(onHost, "BackingStore");
          const [memory] = ofKind(onHost, "FileBackedMemoryConfig");
          const sizeMb = store && known(() => store.props["sizeMb"] as number | undefined);
          const memoryMb = memory && known(() => memory.props["memoryMb"] as number | undefined);
          if (memory === undefined || sizeMb === undefined || memoryMb === undefined) continue;
          const most = Math.floor((sizeMb * (100 - reservePercent)) / 100);
          if (memoryMb > most) {
            const reserve = reservePercent > 0 ? ` with ${reservePercent} % in reserve` : "";
            reportViolation(`capacity is ${memoryMb} MiB, but the store holds ${most} MiB${reserve}.`, memory.urn);
          }
        }
      },
    },
    {
      name: "no-page-policy-beside-file-backed-memory",
      description: "Nova refuses page sizes on a host with file-backed memory; pools for others may be there.",
      validateStack: ({ resources }, reportViolation) => {
        for (const onHost of hostsOf(resources)) {
          if (ofKind(onHost, "FileBackedMemoryConfig").length === 0) continue;
          for (const policy of ofKind(onHost, "PageSizePolicy")) {
            const allowed = known(() => policy.props["allowed"] as unknown) ?? "any";
            if (allowed !== "any") {
              reportViolation('allowed must be "any", or left out, beside file-backed memory.', policy.urn);
            }
          }
        }
      },
    },
  ],
});
