import { canGo, type GuestPassage, type GuestPreflight, type Preflight } from "../core/migration/preflight";
import { readableLine } from "../core/readable";

const verbs: Record<GuestPassage["outcome"], string> = {
  works: "can go to",
  refused: "is refused by Nova to",
  breaks: "breaks on the way to",
  unknown: "may not be able to go to",
};

/** What a preflight says, for people. A name comes from whoever made the guest, and ends no line of ours. */
export function linesOf({ host, is, guests }: Preflight): string[] {
  const staying = guests.filter((guest) => !canGo(guest));
  const count = guests.length === 1 ? "the one guest that runs" : `the ${guests.length} guests that run`;
  const end =
    guests.length === 0
      ? [`no guest runs on ${host}`]
      : [
          staying.length === 0
            ? `${count} on ${host} can go`
            : `of ${count} on ${host}, ${staying.length} can go to none of these hosts: ${staying.map(nameOf).join(", ")}`,
        ];
  return [`${host}: ${is}`, ...guests.flatMap(guestLines), ...end].map(readable);
}

function guestLines(guest: GuestPreflight): string[] {
  const { memoryMb, is, job, to } = guest;
  return [
    `${nameOf(guest)}: ${memoryMb} MiB, ${is}${job === undefined ? "" : `; libvirt is at it now: ${job}`}`,
    ...to.map(
      ({ hosts, outcome, reason }) => `  ${verbs[outcome]} ${hosts.join(", ")}${reason === "" ? "" : `: ${reason}`}`,
    ),
    ...(to.length === 0 ? ["  there is no other host to go to"] : []),
  ];
}

function nameOf({ guest, nova }: GuestPreflight): string {
  return nova === undefined ? guest : `${nova.name} (${guest}, ${nova.id})`;
}

const readable = (line: string) => (line.startsWith("  ") ? `  ${readableLine(line.slice(2))}` : readableLine(line));
