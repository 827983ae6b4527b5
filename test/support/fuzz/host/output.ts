import * as fc from "fast-check";
import { type FactFixture, readFixtures } from "../../facts/fixture";
import { damaged } from "../texts";

export const nonce = "0123456789abcdef0123456789abcdef";

/** What a facts script printed, put together of what was recorded on real hosts. */
function recorded(): string[] {
  const facts = [
    "system",
    "units",
    "novaCompute",
    "versions",
    "memory",
    "hugePages",
    "fileSystems",
    "guests",
    "guestMemoryFiles",
    "pmem",
  ];
  const all = [...facts, "hostFiles", "journal", "tools", "blockDevices", "directories", "deployers"];
  const perFact = all.map((fact) => readFixtures<FactFixture>("facts", fact).map(({ content }) => content.sections));
  const hosts = Math.max(...perFact.map((cases) => cases.length));
  return Array.from({ length: hosts }, (_, host) => {
    const sections = new Map<string, string>();
    for (const cases of perFact) {
      for (const { name, lines } of cases[host % cases.length]!) sections.set(name, lines.join("\n"));
    }
    sections.set("end", "");
    return [...sections].map(([name, text]) => section(name, text)).join("");
  });
}

/** One section as the host prints it. */
export function section(name: string, text: string): string {
  return `\n${nonce} ${name}\n${text}`;
}

const hosts = recorded();

/** What facts scripts are answered with is made of. */
export const pieces = [
  ...[
    `\n${nonce} `,
    "end",
    "file ",
    "guest ",
    "device ",
    "directory ",
    "/etc/nova/nova.conf",
    "/run/libvirt/qemu/a.xml",
  ],
  ...[
    "Id=",
    "ExecStart={ path=/x ; argv[]=",
    " ; ignore_errors=no",
    "nova-compute.service",
    "LoadState=loaded",
    "\n\n",
  ],
  ...["<name>", "</name>", "&#", "x110000;", "&amp;", "<domain ", " id='1'", "<memory unit='KiB'>", "kB", "MemTotal:"],
  ...["<page ", "<cell ", "<memnode ", " nodeset='0-9999999'", " size='2048'", "'", ">", "Node 0 ", "[madvise]"],
  ...[
    "mount ",
    "blkid ",
    "real ",
    "size ",
    "ext ",
    "xfs ",
    "\\x",
    "\\040",
    "above ",
    "missing ",
    "81a4 0 0 5 1 1",
    " - xfs ",
  ],
  ...["libvirt ", "qemu ", "9.0.0", "99999999999999999999", '{"version":1}', "null", "[]", "OS_LIBVIRT__X=", "-1"],
];

/** Answers of a host that is damaged, or lies. */
export const outputs: fc.Arbitrary<string> = damaged(fc.constantFrom(...hosts), pieces, 6);

/** An answer that is whole, with some sections replaced. */
export function outputWith(replaced: Record<string, string>, base = hosts[0]!): string {
  const rest = base.split(`\n${nonce} `).slice(1);
  const kept = rest.filter((piece) => !(piece.slice(0, piece.indexOf("\n")) in replaced));
  const all = [
    ...Object.entries(replaced).map(([name, text]) => section(name, text)),
    ...kept.map((each) => `\n${nonce} ${each}`),
  ];
  return all.join("");
}
