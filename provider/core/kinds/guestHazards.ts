import type { Guest } from "../facts/guests";
import type { HostFacts } from "../facts/hostFacts";
import type { CloudArgs } from "../inputs/cloud";
import type { Hazard } from "../inputs/common";
import type { Problem } from "../inputs/problem";
import { isRunning } from "../plan/pendingNote";
import type { Plan } from "../plan/step";
import { formatMib } from "../size";

/**
 * What a change would do to guests that are there. Restarting services leaves running guests alone; these hazards come at
 * a guest's next start, or when memory runs out. Each can be allowed by name.
 */
export function guestsAffected(
  args: DrainableArgs,
  wantMb: number,
  haveMb: number,
  directoryMoves: boolean,
  facts: HostFacts,
): Problem[] {
  const problems: Problem[] = [];
  const guests = guestsMoveAway(args, facts) ? facts.guests.filter((guest) => !guest.running) : facts.guests;
  const running = guests.filter((guest) => guest.running);
  const inFiles = running.filter((guest) => guest.fileBacked);
  const inRam = running.filter((guest) => !guest.fileBacked);
  const hazard = (hazard: Hazard, path: string, message: string) => {
    if (!args.allowHazards.includes(hazard)) {
      problems.push({
        path,
        message: `${message}. Move or stop them first, or accept it with allowHazards: ["${hazard}"]`,
      });
    }
  };
  if (wantMb > 0 && haveMb === 0 && inRam.length > 0) {
    hazard(
      "guests-in-ram",
      "capacity",
      `guests run in the host's RAM, which Nova would no longer count, so that it can run out: ${nameGuests(inRam)}`,
    );
  }
  if (wantMb === 0 && haveMb > 0 && inFiles.length > 0) {
    hazard(
      "guests-in-files",
      "",
      `guests have their memory in files, and would have it in the host's RAM from their next start: ${nameGuests(inFiles)}`,
    );
  } else if (directoryMoves && inFiles.length > 0) {
    hazard(
      "guests-in-files",
      "memoryBackingDir",
      `guests have their memory in the present directory, which must stay mounted for them: ${nameGuests(inFiles)}`,
    );
  }
  const usedMb = running.reduce((sum, guest) => sum + guest.memoryKib / 1024, 0);
  if (wantMb > 0 && wantMb < usedMb) {
    hazard(
      "capacity-below-used",
      "capacity",
      `is less than the ${formatMib(Math.ceil(usedMb))} that running guests have: ${nameGuests(running)}`,
    );
  }
  if (wantMb > 0) {
    const paged = guests.filter((guest) => guest.hugePages || typeof guest.pageRequest === "string");
    if (paged.length > 0) {
      problems.push({
        path: "capacity",
        message: `guests ask for a page size (hw:mem_page_size), which Nova refuses on a host with file-backed memory, and would not start again: ${nameGuests(paged)}. Move them to another host first`,
      });
    }
  }
  return problems;
}

interface DrainableArgs {
  allowHazards: readonly string[];
  cloud?: CloudArgs;
}

/**
 * True if guests that run now will be on other hosts before services restart. Whether they really are is seen on the host
 * itself, right before that. A nova-compute that does not run is not restarted, and nobody is moved then.
 */
export function guestsMoveAway({ cloud }: { cloud?: CloudArgs }, { novaCompute }: HostFacts): boolean {
  return cloud?.drain === "migrate" && novaCompute !== undefined && isRunning(novaCompute.unit);
}

/**
 * What a restart would break off: libvirt gives up an outgoing migration, ends an incoming one, and can lose a guest whose
 * memory follows it (post-copy); a nova-compute that was restarted knows nothing of a migration that goes on.
 */
export function guestsAtWork(args: { allowHazards: readonly string[] }, plan: Plan, facts: HostFacts): Problem[] {
  const busy = facts.guests.filter((guest) => guest.job !== undefined);
  const isRestart = plan.steps.some((step) => step.kind === "activate");
  if (!isRestart || busy.length === 0 || allowsJobs(args)) return [];
  const jobs = nameGuests(busy.map(({ name, job }) => ({ name: `${name} (${job})` })));
  const message = `services would be restarted while libvirt is at work on guests, which breaks that off, or ends them: ${jobs}. Wait until that is done, or accept it with allowHazards: ["${withJobs}"]`;
  return [{ path: "", message }];
}

const withJobs: Hazard = "guests-with-jobs";

/** True if a restart does not wait for what libvirt is at with guests. */
export function allowsJobs({ allowHazards }: { allowHazards: readonly string[] }): boolean {
  return allowHazards.includes(withJobs);
}

/** What guests do that file-backed memory does not change, though one would think so, and what cannot be told of them. */
export function guestWarnings(facts: HostFacts): string[] {
  const said: string[] = [];
  const locked = facts.guests.filter((guest) => guest.locked);
  if (locked.length > 0)
    said.push(`guests lock their memory, all of which stays in RAM, whatever backs it: ${nameGuests(locked)}`);
  const unsure = facts.guests.filter(
    ({ hasTopology, hugePages, pageRequest }) => hasTopology && !hugePages && pageRequest === undefined,
  );
  if (unsure.length > 0) {
    said.push(
      `guests with a NUMA topology would not start again here if their flavor asks for ordinary pages (hw:mem_page_size=small), which this Nova does not write down: ${nameGuests(unsure)}`,
    );
  }
  return said;
}

/** Stands at the end of a sentence about "guests", so that one guest needs no words of its own. */
export function nameGuests(guests: readonly Pick<Guest, "name">[]): string {
  const shown = guests.slice(0, 3).map((guest) => guest.name);
  return `${shown.join(", ")}${guests.length > 3 ? `, … (${guests.length} in all)` : ""}`;
}
