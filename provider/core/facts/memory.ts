import type { Sections } from "./sections";

export interface MemoryFacts {
  /** MemTotal, KiB. */
  totalKib: number;
  availableKib: number;
}

export const collectMemory = `
section meminfo
cat /proc/meminfo
`;

export function parseMemory(sections: Sections): MemoryFacts {
  const value = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(sections.get("meminfo"))?.[1] ?? 0);
  return { totalKib: value("MemTotal"), availableKib: value("MemAvailable") };
}
