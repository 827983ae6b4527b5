import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseQemuConf, type QemuValue, setOption } from "../../../provider/core/files/qemuConf";
import { type AnyTarget, target } from "../fuzz/target";
import { type AugeasAnswer, AugeasOracle } from "./oracle";

const blank = fc.constantFrom("", " ", "\t", "  ");
const text = fc.string({ unit: fc.constantFrom(..."/abz019 .-_#;=[],'", "\xc3\xa4"), maxLength: 8 });
const quoted = text.map((each) => `"${each}"`);
const list = fc
  .tuple(fc.array(quoted, { maxLength: 3 }), fc.constantFrom(",", ", ", ",\n  "), fc.constantFrom("", " ", "\n"))
  .map(([items, between, around]) => `[${around}${items.join(between)}${around}]`);
const setting = fc.oneof(
  fc.tuple(fc.constantFrom("memory_backing_dir", "user", "vnc_listen", "hugetlbfs_mount"), quoted),
  fc.tuple(fc.constantFrom("dynamic_ownership", "set_process_name"), fc.constantFrom("0", "1", "2")),
  fc.tuple(fc.constantFrom("max_files", "migration_port_min"), fc.constantFrom("0", "49152", "007", "-1")),
  fc.tuple(fc.constantFrom("cgroup_device_acl", "namespaces", "nvram"), list),
  fc.tuple(fc.constantFrom("memory_backing_dir", "unheard_of"), fc.constantFrom("5", "'x'", '""', "[]")),
);
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(setting, blank, blank, blank).map(([[name, value], a, b, c]) => `${name}${a}=${b}${value}${c}`),
  },
  fc.constantFrom(
    "# a comment",
    '#memory_backing_dir = "/dev/shm"',
    "#",
    "",
    "  ",
    "\t# indented",
    "#memory_backing_dir",
  ),
);
const files = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.boolean())
  .map(([lines, final]) => lines.map((each) => `${each}\n`).join("") + (final ? "" : 'user = "root"'));

/** What is true of qemu.conf, with libvirt's lens as the judge. It knows fewer forms than libvirt's parser does. */
export const augeasTargets: AnyTarget[] = [
  target({
    name: "qemu-lens",
    says: "what libvirt's Augeas lens reads in a qemu.conf is what we read, and our edit changes one entry for it",
    cases: fc.tuple(files, text),
    start: AugeasOracle.start,
    holds: async ([file, wanted]: [string, string], augeas: AugeasOracle, saw) => {
      const before = await augeas.ask(file);
      if ("error" in before) return saw("refused");
      const { settings, failure } = parseQemuConf("", file);
      // The lens takes blanks at the end of a file, which libvirt's parser refuses: that one is right.
      if (failure) return assert.equal(failure.reason, "expecting a name");
      saw("accepted");
      const ours = settings.map(({ name, value, valueStart, valueEnd }) => {
        // The lens keeps a number as it is written.
        return [name, typeof value === "number" ? file.slice(valueStart, valueEnd) : asLens(value)];
      });
      assert.deepEqual(ours, settingsOf(before));

      const value = `/${wanted}`;
      const { text: edited } = setOption(file, "/etc/libvirt/qemu.conf", "memory_backing_dir", value);
      const after = await augeas.ask(edited);
      assert.ok("entries" in after, `the lens refuses what we wrote: ${edited}`);
      const isOurs = ([name]: [string, unknown]) => name === "memory_backing_dir";
      assert.deepEqual(after.entries.find(isOurs), ["memory_backing_dir", value]);
      // Of a name that is there several times the first one counts, and the others stay.
      const rest = ({ entries }: { entries: [string, unknown][] }) => {
        const at = entries.findIndex(isOurs);
        return at < 0 ? entries : entries.toSpliced(at, 1);
      };
      assert.deepEqual(rest(after), rest(before));
      if (before.entries.some(isOurs)) saw("replaced");
      else saw("added");
    },
    mustSee: ["accepted", "refused", "replaced", "added"],
    runs: { sample: 300, full: 3_000 },
  }),
];

function settingsOf(answer: AugeasAnswer): [string, string | string[] | null][] {
  assert.ok("entries" in answer);
  return answer.entries.filter(([name]) => !name.startsWith("#"));
}

/** An empty list is nothing at all to the lens. */
function asLens(value: QemuValue): string | string[] | null {
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(String);
  return String(value);
}
