import { guardPath } from "../host/units";
import { quote } from "../quote";
import type { HostFile } from "./hostFile";
import { byPackages, type Installation, packagedQemuConf, withInstallation } from "./installation";
import type { Sections } from "./sections";
import type { UnitFacts } from "./units";
import { libvirtUnits, novaComputeUnits, novaUnit, unitNames } from "./units";

/** How nova-compute is run on this host: what decides which files it reads and where it logs. */
export interface NovaComputeFacts {
  unit: UnitFacts;
  /** Arguments after the program's name: of the running process, else what the unit would start. */
  args: string[];
  /** Home of the user it runs as; oslo.config looks for `~/.nova/nova.conf`. */
  home: string;
  /** oslo.config's environment variables (`OS_LIBVIRT__…`), which beat every file. Only those that we ask for. */
  environment: Record<string, string>;
  /** Where its user says that it logs: a file, or `journal`. */
  log?: string;
}

const environmentPattern = "^OS_((DEFAULT|LIBVIRT)__[A-Z0-9_]*|COMPUTE__PROVIDER_CONFIG_LOCATION)=";

/**
 * Files first named by the arguments, then every place where oslo.config or a distribution looks. The environment is
 * filtered on the host: other variables of the kind hold passwords.
 */
export const collectNovaCompute = ({ novaUnit, libvirtUnit, novaConfig = [], qemuConf }: Installation) => `
nova_unit=
for unit in ${unitNames(novaUnit, novaComputeUnits).join(" ")}; do
  if [ "$(unit_property "$unit" LoadState)" = loaded ]; then nova_unit=$unit; break; fi
done
nova_pid=$(unit_property "$nova_unit" MainPID) nova_user=$(unit_property "$nova_unit" User) nova_user=\${nova_user:-root}
nova_root=$(unit_property "$nova_unit" RootDirectory) nova_root=\${nova_root%/}
nova_home=$(getent passwd "$nova_user" 2>/dev/null | cut -d: -f6)
section nova-process
if [ "\${nova_pid:-0}" != 0 ]; then tr '\\0' '\\n' <"/proc/$nova_pid/cmdline" 2>/dev/null || :; fi
section nova-environment
{
  [ -z "$nova_unit" ] || systemctl show -p Environment --value "$nova_unit" </dev/null | tr ' ' '\\n'
  [ -z "$nova_unit" ] || systemctl show -p EnvironmentFiles --value "$nova_unit" </dev/null | sed 's/ (ignore_errors=.*)$//' |
    while IFS= read -r path; do bounded cat -- "$path" 2>/dev/null; done
} | grep -E '${environmentPattern}' || :
section nova-process-environment
{ if [ "\${nova_pid:-0}" != 0 ]; then tr '\\0' '\\n' <"/proc/$nova_pid/environ" 2>/dev/null; fi; } | grep -E '${environmentPattern}' || :
section nova-home
printf '%s\\n' "$nova_home"
nova_interpreter=$(sed 's/\\x0.*//; q' "/proc/$nova_pid/cmdline" 2>/dev/null | tr -d '\\0')
case $nova_interpreter in */bin/*) nova_prefix=\${nova_interpreter%/bin/*} ;; esac
nova_places=$({
  ${novaConfig.length > 0 ? `printf '%s\\n' ${novaConfig.map(quote).join(" ")}` : ":"}
  if [ "\${nova_pid:-0}" != 0 ]; then tr '\\0' '\\n' <"/proc/$nova_pid/cmdline" 2>/dev/null; else systemctl show -p ExecStart --value "\${nova_unit:-none}" </dev/null | tr ' ' '\\n'; fi |
  sed -n 's/^--config-file=//p; s/^--config-dir=\\(.*\\)/\\1/p; /^--config-\\(file\\|dir\\)$/{n;p;}'
  printf '%s\\n' /etc/nova/nova.conf /etc/nova/nova-compute.conf /etc/nova.conf /etc/nova-compute.conf \\
    /etc/nova/nova.conf.d /etc/nova/nova-compute.conf.d /etc/nova.conf.d /etc/nova-compute.conf.d \\
    "$nova_home/.nova/nova.conf" "$nova_home/.nova/nova-compute.conf" "$nova_home/nova.conf" "$nova_home/nova-compute.conf" \\
    "$nova_home/.nova/nova.conf.d" "$nova_home/.nova/nova-compute.conf.d" "$nova_home/nova.conf.d" "$nova_home/nova-compute.conf.d" \\
    /usr/share/nova/nova-dist.conf /usr/share/nova/nova-compute-dist.conf /etc/default/openstack /etc/default/nova-compute
} | awk '!seen[$0]++')
printf '%s\\n' "$nova_places" | while IFS= read -r path; do
  file "$path"
  if [ -d "$path" ]; then for inside in "$path"/*.conf; do file "$inside"; done; fi
done
{
  echo /etc/nova/provider_config
  printf '%s\\n' "$nova_places" | while IFS= read -r path; do
    for each in "$path" "$path"/*.conf; do [ ! -f "$each" ] || sed -n 's,^provider_config_location[[:space:]]*[=:][[:space:]]*\\(.*[^/[:space:]]\\)[/[:space:]]*$,\\1,p' "$each"; done
  done
} | sort -u | while IFS= read -r path; do for each in "$nova_root$path" "$nova_root$path"/*.yaml; do file "$each"; done; done
for path in ${quote(qemuConf ?? packagedQemuConf)} /etc/fstab ${unitNames(libvirtUnit, libvirtUnits).map(guardPath).join(" ")}; do file "$path"; done
`;

export function parseNovaCompute(
  sections: Sections,
  units: Map<string, UnitFacts>,
  files: Map<string, HostFile>,
  installation = byPackages,
): NovaComputeFacts | undefined {
  const unit = novaUnit(units);
  if (!unit) return undefined;
  const process = sections.lines("nova-process");
  // The unit's own definitions are what the next start gets. EnvironmentFile= wins over Environment=, see systemd.exec(5).
  const environment: Record<string, string> = {};
  for (const line of [...sections.lines("nova-process-environment"), ...sections.lines("nova-environment")]) {
    const name = line.slice(0, line.indexOf("="));
    environment[name] = line.slice(name.length + 1).replace(/^(["'])([\s\S]*)\1$/, "$2");
  }
  const found = {
    unit,
    args: process.length > 0 ? argumentsOf(process) : argumentsAtStart(unit.execStart, files),
    home: sections.get("nova-home").trim(),
    environment,
  };
  return withInstallation(found, installation, files);
}

/** Drops the interpreter and the program, so that only options are left. */
function argumentsOf(words: readonly string[]): string[] {
  const program = words.findIndex((word) => /(^|\/)nova-compute$/.test(word));
  return words.slice(program < 0 ? 1 : program + 1);
}

/**
 * What a unit that does not run would be started with. Debian's and Ubuntu's unit starts `/etc/init.d/nova-compute
 * systemd-start`, whose rules (openstack-pkg-tools) are these; every other unit names its arguments itself.
 */
function argumentsAtStart(execStart: readonly string[], files: Map<string, HostFile>): string[] {
  if (!execStart[0]?.startsWith("/etc/init.d/")) return argumentsOf(execStart);
  const settings = ["/etc/default/openstack", "/etc/default/nova-compute"]
    .map((path) => files.get(path)?.text ?? "")
    .join("\n");
  const setting = (name: string) => [...settings.matchAll(new RegExp(`^${name}=["']?([^"'\n]*)`, "gm"))].at(-1)?.[1];
  const args = [`--config-file=${setting("CONFIG_FILE") ?? "/etc/nova/nova.conf"}`];
  if (files.has("/etc/nova/nova-compute.conf")) args.push("--config-file=/etc/nova/nova-compute.conf");
  if (setting("USE_SYSLOG") === "yes") args.push("--use-syslog");
  if (setting("USE_LOGFILE") !== "no") args.push("--log-file=/var/log/nova/nova-compute.log");
  return args;
}
