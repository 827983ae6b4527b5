import { byPackages, type Installation } from "./installation";
import type { Sections } from "./sections";

/** A systemd unit as `systemctl show` prints it. */
export interface UnitFacts {
  name: string;
  loadState: string;
  activeState: string;
  subState: string;
  mainPid: number;
  /** Program and arguments of the first ExecStart=. */
  execStart: string[];
  user: string;
  rootDirectory: string;
  /** Disk image that its root is in (`RootImage=`, systemd.exec(5)); empty for none. */
  rootImage: string;
  /** `enabled`, `disabled`, `static`, `masked` … */
  unitFileState: string;
  /** The user says that it is this service, whatever it is called. */
  named?: "nova-compute" | "libvirt";
  /** systemd did not start it, since what it must find (`Assert…=`, systemd.unit(5)) was not there. */
  isRefused?: true;
}

const properties =
  "Id,LoadState,ActiveState,SubState,MainPID,ExecStart,User,RootDirectory,RootImage,UnitFileState,AssertResult,AssertTimestampMonotonic";

/** Nova's unit is named differently by Debian and RDO; libvirt runs as one daemon or as several. */
export const novaComputeUnits = ["nova-compute.service", "openstack-nova-compute.service"] as const;
/** The daemons that read qemu.conf. Only one of the two is in use on a host. */
export const libvirtUnits = ["virtqemud.service", "libvirtd.service"] as const;
const socketUnits = ["virtqemud.socket", "libvirtd.socket"] as const;

export const collectUnits = ({ novaUnit, libvirtUnit }: Installation) => `
section units
units=$(systemctl show -p ${properties} ${[...unitNames(novaUnit, novaComputeUnits), ...unitNames(libvirtUnit, libvirtUnits), ...socketUnits].join(" ")} </dev/null)
printf '%s\\n' "$units"
unit_property() {
  printf '%s\\n' "$units" | awk -v RS= -v FS='\\n' -v id="Id=$1" -v key="$2=" '
    { found = 0; value = ""; for (i = 1; i <= NF; i++) { if ($i == id) found = 1; if (index($i, key) == 1) value = substr($i, length(key) + 1) } }
    found { print value; exit }'
}
`;

/** Units to look for: the one that the user names, and no other then. */
export function unitNames(named: string | undefined, usual: readonly string[]): readonly string[] {
  return named === undefined ? usual : [named];
}

export function parseUnits(
  sections: Sections,
  { novaUnit, libvirtUnit }: Installation = byPackages,
): Map<string, UnitFacts> {
  const units = new Map<string, UnitFacts>();
  for (const block of sections.get("units").split("\n\n")) {
    const value = new Map(
      block
        .split("\n")
        .filter((line) => line.includes("="))
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
    );
    const name = value.get("Id");
    if (!name) continue;
    units.set(name, {
      name,
      loadState: value.get("LoadState") ?? "",
      activeState: value.get("ActiveState") ?? "",
      subState: value.get("SubState") ?? "",
      mainPid: Number(value.get("MainPID") ?? 0),
      execStart: parseExecStart(value.get("ExecStart") ?? ""),
      user: value.get("User") || "root",
      rootDirectory: value.get("RootDirectory") ?? "",
      rootImage: value.get("RootImage") ?? "",
      unitFileState: value.get("UnitFileState") ?? "",
      ...(name === novaUnit ? { named: "nova-compute" } : name === libvirtUnit ? { named: "libvirt" } : {}),
      ...(isRefused(value) ? { isRefused: true } : {}),
    });
  }
  return units;
}

/** Of a unit that was never asked to start, the result is "no" as well, and the time is 0. */
function isRefused(value: ReadonlyMap<string, string>): boolean {
  const wasAsked = (value.get("AssertTimestampMonotonic") ?? "0") !== "0";
  return wasAsked && value.get("AssertResult") === "no" && value.get("ActiveState") !== "active";
}

/** `{ path=/usr/bin/nova-compute ; argv[]=/usr/bin/nova-compute --config-file=x ; ignore_errors=no ; … }` */
function parseExecStart(text: string): string[] {
  const [, argv = ""] = text.split(" argv[]=", 2);
  const end = argv.indexOf(" ; ignore_errors=");
  return end < 0
    ? []
    : argv
        .slice(0, end)
        .split(" ")
        .filter((word) => word !== "");
}

/** What stands before a path that a service uses to make it one of the host; nothing where they have one root. */
export function rootOf({ rootDirectory }: UnitFacts): string {
  return rootDirectory.replace(/\/+$/, "");
}

/** The unit of a list that the host has, or undefined. */
function loadedUnit(units: ReadonlyMap<string, UnitFacts>, names: readonly string[]): UnitFacts | undefined {
  const loaded = names.map((name) => units.get(name)).filter((unit) => unit?.loadState === "loaded");
  return loaded.find((unit) => unit?.activeState === "active") ?? loaded[0];
}

function namedUnit(units: ReadonlyMap<string, UnitFacts>, service: UnitFacts["named"]): UnitFacts | undefined {
  return [...units.values()].find(({ named }) => named === service);
}

/** nova-compute's unit, or undefined. */
export function novaUnit(units: ReadonlyMap<string, UnitFacts>): UnitFacts | undefined {
  const named = namedUnit(units, "nova-compute");
  return loadedUnit(units, named ? [named.name] : novaComputeUnits);
}

/** The libvirt daemon that should run by its own or its socket's enablement, and was refused at its last start. */
export function refusedLibvirt(units: ReadonlyMap<string, UnitFacts>): UnitFacts | undefined {
  const isEnabled = (name: string) => units.get(name)?.unitFileState.startsWith("enabled") === true;
  const named = namedUnit(units, "libvirt");
  if (named) return named.unitFileState.startsWith("enabled") && named.isRefused ? named : undefined;
  const refused = libvirtUnits.filter((name) => isEnabled(name) || isEnabled(name.replace(/service$/, "socket")));
  return refused.map((name) => units.get(name)).find((unit) => unit?.isRefused);
}

/** The libvirt daemon in use: the running one, else the one whose socket waits, else the one installed. */
export function libvirtUnit(units: ReadonlyMap<string, UnitFacts>): UnitFacts | undefined {
  const named = namedUnit(units, "libvirt");
  if (named) return named.loadState === "loaded" ? named : undefined;
  const running = libvirtUnits.find((name) => units.get(name)?.activeState === "active");
  const listening = socketUnits.find((name) => units.get(name)?.activeState === "active");
  return units.get(running ?? listening?.replace(".socket", ".service") ?? "") ?? loadedUnit(units, libvirtUnits);
}
