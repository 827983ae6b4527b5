import type { HostFacts } from "../facts/hostFacts";
import { bytesOf } from "../files/bytes";
import { parseInteger, parseFloat as parseRatio } from "../files/osloConfig";
import { fileForNewOption, type NovaConfig } from "../novaConfig";
import type { WantedOption } from "../plan/options";
import { defaultMemoryBackingDir, readMemoryBackingDir } from "./memoryDirectory";

/** What is declared, in the units of the options. */
export interface Desired {
  memoryMb: number;
  reservedHostMemoryMb: number;
  memoryBackingDir: string | undefined;
}

/** What nova-compute would read at its next start. */
export interface Observed {
  memoryMb: number;
  ramAllocationRatio: number | undefined;
  reservedHostMemoryMb: number;
  memoryBackingDir: string | undefined;
}

/** Nova's default of `[DEFAULT] reserved_host_memory_mb` (nova/conf/compute.py). */
const novaReservedHostMemoryMb = 512;
const options = {
  memory: { section: "libvirt", option: "file_backed_memory" },
  ratio: { section: "DEFAULT", option: "ram_allocation_ratio" },
  reserved: { section: "DEFAULT", option: "reserved_host_memory_mb" },
} as const;

export function observe(facts: HostFacts, config: NovaConfig): Observed {
  const integer = (name: keyof typeof options, otherwise: number) => {
    const parsed = parseInteger(config.get(options[name].section, options[name].option)?.value ?? "");
    return parsed.ok && parsed.value !== null ? parsed.value : otherwise;
  };
  const ratio = parseRatio(config.get(options.ratio.section, options.ratio.option)?.value ?? "");
  return {
    memoryMb: integer("memory", 0),
    ramAllocationRatio: ratio.ok ? (ratio.value ?? undefined) : undefined,
    reservedHostMemoryMb: integer("reserved", novaReservedHostMemoryMb),
    memoryBackingDir: readMemoryBackingDir(facts),
  };
}

/** Which options must have which value, and where each belongs. */
export function wantedOptions(want: Desired, have: Observed, config: NovaConfig, qemuConf: string): WantedOption[] {
  const nova = (name: keyof typeof options, value: string, isRight: boolean): WantedOption => {
    const current = config.get(options[name].section, options[name].option);
    return {
      ...options[name],
      value,
      isRight,
      now: current?.text,
      path: current?.path ?? fileForNewOption(config) ?? "/etc/nova/nova.conf",
    };
  };
  const wanted = [
    nova("memory", String(want.memoryMb), have.memoryMb === want.memoryMb),
    nova("ratio", "1.0", have.ramAllocationRatio === 1),
    nova("reserved", String(want.reservedHostMemoryMb), have.reservedHostMemoryMb === want.reservedHostMemoryMb),
  ];
  if (want.memoryBackingDir !== undefined) {
    wanted.push({
      path: qemuConf,
      section: "",
      option: "memory_backing_dir",
      // Files are bytes, one character each; the path is text.
      value: bytesOf(want.memoryBackingDir),
      now: have.memoryBackingDir && `"${have.memoryBackingDir}"`,
      isRight: (have.memoryBackingDir ?? defaultMemoryBackingDir) === want.memoryBackingDir,
    });
  }
  return wanted;
}
