import { bytesOf } from "../files/bytes";
import { type ApplyName, activationLibrary, applyLibrary, whenOverdue } from "../host/library";
import { pageLibrary } from "../host/pageLibrary";
import { applyDirectory, hostIdPath } from "../host/paths";
import { pmemLibrary } from "../host/pmemLibrary";
import { storeLibrary } from "../host/storeLibrary";
import { traitLibrary } from "../host/traitLibrary";
import { quote } from "../quote";
import type { Basis } from "./basis";
import type { ActivateStep, CallStep, EditFileStep, Plan, Step, WriteFileStep, WriteRecordStep } from "./step";

export interface CompileOptions extends ApplyName {
  /** Who holds the host's lock while this runs: told to whoever waits for it. */
  holder: string;
  lockTimeoutSeconds: number;
  basis?: Basis;
  /** Services may be restarted while libvirt is at work on guests. */
  allowJobs?: boolean;
}

/** The plan as one script for the host. It stands alone: nothing in it waits for the client. */
export function compile(plan: Plan, options: CompileOptions): string {
  const home = `${applyDirectory}/${options.id}`;
  const script = [
    `nonce=${quote(options.nonce)}`,
    `home=${quote(home)}`,
    whenOverdue,
    // Beyond the first bytes of a tool's errors, what went wrong in the script itself is for the host's own journal.
    `exec 3>>"$home/log" >/dev/null </dev/null`,
    applyLibrary,
    activationLibrary,
    ...(usesLibraries(plan) ? [storeLibrary, pageLibrary, traitLibrary, pmemLibrary] : []),
    `begin ${word(options.holder)} ${options.lockTimeoutSeconds} ${quote(options.basis?.lockHash ?? "")}`,
    ...expectations(plan, options.basis),
    "event begun",
    orFail(`write ${hostIdPath}`, `make_host_id ${quote(hostIdPath)}`),
    `event host-id "$(sed 1q ${quote(hostIdPath)})"`,
    ...plan.steps.map((step) => compileStep(step, options)),
    doing("forget what is over"),
    "leave_host",
    "finish applied",
    "",
  ].join("\n");
  // Sent as bytes, a character beyond them would become another one: a quotation mark, say.
  if (/[^\0-\u00ff]/.test(script)) throw new TypeError("text that is not bytes got into the script of an apply");
  return script;
}

function usesLibraries({ steps }: Plan): boolean {
  const all = steps.flatMap((step) => (step.kind === "activate" ? step.rollback : [step]));
  return all.some((step) => step.kind === "call" || step.kind === "write-file");
}

/** What must hold before the first change. A later step on the same file builds on what an earlier one makes of it. */
function expectations(plan: Plan, basis: Basis | undefined): string[] {
  const first = new Map<string, string>();
  for (const step of plan.steps) {
    if ("path" in step && !first.has(pathOf(step))) first.set(pathOf(step), step.before ?? "-");
  }
  for (const [realPath, hash] of basis?.files ?? []) {
    const path = bytesOf(realPath);
    if (!first.has(path)) first.set(path, hash);
  }
  const files = [...first].map(([path, before]) => `expect ${quote(path)} ${quote(before)}`);
  const proofs = plan.steps.flatMap((step) => (step.kind === "call" && step.proof ? [step.proof] : []));
  const guests = basis === undefined ? [] : [{ call: "guests_are", args: [basis.guestDigest], of: "what guests do" }];
  return [
    ...files,
    ...[...guests, ...proofs].map((proof) => {
      const words = [proof.call, ...proof.args.map(word)].join(" ");
      return `${words} || { event moved ${word(proof.of)}; finish moved; }`;
    }),
  ];
}

function compileStep(step: Step, options: CompileOptions): string {
  switch (step.kind) {
    case "activate":
      return compileActivate(step, options);
    case "call": {
      const what = bytesOf(step.line ?? step.what ?? step.call);
      return orFail(what, compileCall(step), step.onFailure?.map(compileWrite));
    }
    default:
      return orFail(`write ${pathOf(step)}`, compileWrite(step));
  }
}

/** Where a command fails, so does the apply, with what the command's tools said. `what` is in bytes. */
function orFail(what: string, command: string, first: string[] = []): string {
  const fail = `fail_as_said ${quote(`cannot ${what}`)}`;
  return `${doing(what)}\n${command} 2>"$work/said" || ${first.length > 0 ? `{\n${[...first, fail].join("\n")}\n}` : fail}`;
}

/** So that whoever finds the apply ended knows where. */
function doing(what: string): string {
  return `event doing ${quote(what)}`;
}

function compileCall(step: CallStep): string {
  return [step.call, ...step.args.map((arg) => word(String(arg)))].join(" ");
}

/** One command that a redirection and `||` can follow, here document included. */
function compileWrite(step: EditFileStep | WriteRecordStep | WriteFileStep): string {
  const path = quote(pathOf(step));
  if (step.kind === "edit-file") {
    const splices = step.splices
      .map(({ offset, length, insert }) => `${offset} ${length} ${base64(insert, "latin1")}\n`)
      .join("");
    return `{ edit_file ${path} ${step.before} ${step.after} <<'END' && event edited ${path}\n${splices}END\n}`;
  }
  const what = step.kind === "write-file" ? "public" : "record";
  return step.content === undefined
    ? `remove_${what} ${path}`
    : `{ write_${what} ${path} <<'END'\n${base64(step.content, "utf8")}\nEND\n}`;
}

function compileActivate(step: ActivateStep, { allowJobs }: CompileOptions): string {
  const { novaUnit, logFile, timeoutSeconds, evidence } = step.health;
  const log = quote(logFile ?? "-");
  const unit = quote(novaUnit);
  const restart = (memoryMb: number | undefined) =>
    step.restarts
      .map((one) => {
        const call =
          one.service === "libvirt"
            ? `restart_libvirt ${quote(one.unit)}`
            : `restart_nova ${unit} ${log} ${memoryMb ?? "-"} ${timeoutSeconds} ${quote(evidence.pattern)} ${evidence.stableSeconds}`;
        return `${doing(`restart ${one.unit}`)} && ${call}`;
      })
      .join(" && ");
  return [
    ...(allowJobs === true ? [] : ["no_jobs"]),
    `mark_log ${log}`,
    `if ! { ${restart(step.health.expectedMemoryMb)}; }; then`,
    `say_log ${unit} ${log}`,
    "kept=0",
    doing("take the change back"),
    // What could not be taken back must stay on record.
    ...step.rollback.map((each) => {
      const what = each.kind === "call" ? bytesOf(each.line ?? each.what ?? each.call) : pathOf(each);
      const write = each.kind === "call" ? compileCall(each) : compileWrite(each);
      const lasting = each.kind === "write-record" ? '[ "$kept" = 1 ] || ' : "";
      return `${lasting}${write} || { kept=1; event kept ${quote(what)}; }`;
    }),
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

/** One word of the shell from what a program gives. */
function word(text: string): string {
  return quote(bytesOf(text));
}

/** In bytes. A file that is edited has the name that the host gave for it, which is in bytes already. */
function pathOf(step: EditFileStep | WriteRecordStep | WriteFileStep): string {
  return step.kind === "edit-file" ? step.path : bytesOf(step.path);
}

function base64(text: string, encoding: BufferEncoding): string {
  return Buffer.from(text, encoding).toString("base64");
}
