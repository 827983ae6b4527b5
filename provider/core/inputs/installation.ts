import type { Installation } from "../facts/installation";
import type { Inputs } from "./problem";

const names = ["novaUnit", "novaConfig", "novaLog", "libvirtUnit", "qemuConf"] as const;

/** Reads the `installation` property. */
export function readInstallation(parent: Inputs): Installation {
  const inputs = parent.object("installation", '{ novaUnit: "my-nova-compute.service" }');
  if (!inputs) return {};
  inputs.rejectUnknown(names);
  const [novaUnit, libvirtUnit] = [unit(inputs, "novaUnit"), unit(inputs, "libvirtUnit")];
  const novaConfig = paths(inputs, "novaConfig");
  const novaLog = inputs.raw("novaLog") === "journal" ? "journal" : path(inputs, "novaLog", ' or "journal"');
  const qemuConf = qemuConfAt(inputs);
  return {
    ...(novaUnit === undefined ? {} : { novaUnit }),
    ...(libvirtUnit === undefined ? {} : { libvirtUnit }),
    ...(novaConfig === undefined ? {} : { novaConfig }),
    ...(novaLog === undefined ? {} : { novaLog }),
    ...(qemuConf === undefined ? {} : { qemuConf }),
  };
}

/** Names as in systemd.unit(5); in a script a name stands as it is. */
function unit(inputs: Inputs, name: string): string | undefined {
  const value = inputs.text(name);
  if (value === undefined || /^[A-Za-z0-9:_.@-]+\.service$/.test(value)) return value;
  return inputs.problem(name, 'must be the name of a systemd unit, such as "nova-compute.service"');
}

function path(inputs: Inputs, name: string, orElse = ""): string | undefined {
  const value = inputs.text(name);
  if (value === undefined || isPath(value)) return value;
  return inputs.problem(name, `must be an absolute path on the host without a trailing slash${orElse}`);
}

/** libvirt reads no file of another name (virQEMUDriverConfigLoadFile), only in another directory. */
function qemuConfAt(inputs: Inputs): string | undefined {
  const value = path(inputs, "qemuConf");
  if (value === undefined || value.endsWith("/qemu.conf")) return value;
  return inputs.problem("qemuConf", 'must be the path of a qemu.conf on the host, such as "/srv/libvirt/qemu.conf"');
}

function paths(inputs: Inputs, name: string): string[] | undefined {
  const value = inputs.raw(name);
  if (!inputs.has(name)) return undefined;
  if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string" && isPath(each))) {
    return value as string[];
  }
  return inputs.problem(
    name,
    'must be a list of absolute paths on the host in the order in which they are read, such as ["/srv/nova/etc/nova/nova.conf"]',
  );
}

/** As a reader of the host names it, too: without detours, so that two names are two files. */
function isPath(text: string): boolean {
  return /^(\/[^/\0-\x1f"'\\]+)+$/.test(text) && !text.split("/").some((part) => part === "." || part === "..");
}
