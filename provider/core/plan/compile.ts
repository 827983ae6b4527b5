import { activationLibrary, applyLibrary } from "../host/library";
import { applyDirectory, hostIdPath } from "../host/paths";
import { quote } from "../quote";
import type { ActivateStep, EditFileStep, Plan, WriteRecordStep } from "./step";

export interface CompileOptions {
  /** Name of this apply; also of its folder and unit on the host. */
  id: string;
  /** Marks the lines of the log that are events. */
  nonce: string;
  /** Who holds the host's lock while this runs: told to whoever waits for it. */
  holder: string;
  lockTimeoutSeconds: number;
}

/** The plan as one script for the host. It stands alone: nothing in it waits for the client. */
export function compile(plan: Plan, options: CompileOptions): string {
  const home = `${applyDirectory}/${options.id}`;
  return [
    `nonce=${quote(options.nonce)}`,
    `home=${quote(home)}`,
    `exec >>"$home/log" 2>&1 </dev/null`,
    applyLibrary,
    activationLibrary,
    `begin ${quote(Buffer.from(options.holder, "utf8").toString("latin1"))} ${options.lockTimeoutSeconds}`,
    ...expectations(plan),
    "event begun",
    `make_host_id ${quote(hostIdPath)} || fail "cannot write ${hostIdPath}"`,
    `event host-id "$(cat ${quote(hostIdPath)})"`,
    ...plan.steps.map((step, index) =>
      step.kind === "activate"
        ? compileActivate(step)
        : `${compileWrite(step)} || fail ${quote(`step ${index + 1}: cannot write ${step.path}`)}`,
    ),
    "leave_host",
    "finish applied",
    "",
  ].join("\n");
}

/** What each file must hold before the first change; a later step on the same file builds on the earlier one. */
function expectations(plan: Plan): string[] {
  const first = new Map<string, string>();
  for (const step of plan.steps) {
    if (step.kind !== "activate" && !first.has(step.path)) first.set(step.path, step.before ?? "-");
  }
  return [...first].map(([path, before]) => `expect ${quote(path)} ${quote(before)}`);
}

function compileWrite(step: EditFileStep | WriteRecordStep): string {
  if (step.kind === "edit-file") {
    const splices = step.splices
      .map(({ offset, length, insert }) => `${offset} ${length} ${base64(insert, "latin1")}\n`)
      .join("");
    return `edit_file ${quote(step.path)} ${step.before} ${step.after} <<'END' && event edited ${quote(step.path)}\n${splices}END\n[ $? = 0 ]`;
  }
  return step.content === undefined
    ? `remove_record ${quote(step.path)}`
    : `write_record ${quote(step.path)} <<'END'\n${base64(step.content, "utf8")}\nEND\n[ $? = 0 ]`;
}

function compileActivate(step: ActivateStep): string {
  const { novaUnit, logFile, timeoutSeconds, evidence } = step.health;
  const log = quote(logFile ?? "-");
  const unit = quote(novaUnit);
  const restart = (memoryMb: number | undefined) =>
    step.restarts
      .map((one) =>
        one.service === "libvirt"
          ? `restart_libvirt ${quote(one.unit)}`
          : `restart_nova ${unit} ${log} ${memoryMb ?? "-"} ${timeoutSeconds} ${quote(evidence.pattern)} ${evidence.stableSeconds}`,
      )
      .join(" && ");
  return [
    `mark_log ${log}`,
    `if ! { ${restart(step.health.expectedMemoryMb)}; }; then`,
    `say_log ${unit} ${log}`,
    "kept=0",
    // What could not be taken back must stay on record.
    ...step.rollback.map((write) =>
      write.kind === "edit-file"
        ? `${compileWrite(write)} || { kept=1; event kept ${quote(write.path)}; }`
        : `[ "$kept" = 1 ] || ${compileWrite(write)} || { kept=1; event kept ${quote(write.path)}; }`,
    ),
    `if ! { ${restart(step.rollbackMemoryMb)}; }; then say_log ${unit} ${log}; finish unhealthy; fi`,
    "event back",
    `if [ "$kept" = 0 ]; then`,
    ...step.afterRollback.map(compileWrite),
    "leave_host",
    "fi",
    "finish rolled-back",
    "fi",
    "event healthy",
  ].join("\n");
}

function base64(text: string, encoding: BufferEncoding): string {
  return Buffer.from(text, encoding).toString("base64");
}
