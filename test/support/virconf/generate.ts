import * as fc from "fast-check";
import { noise } from "../fuzz/texts";

/** The names that are read back. */
export const names = ["memory_backing_dir", "a", "b_1"];

const value = fc.constantFrom(
  ...['"/x"', "'/x'", '""', "''", '"it\'s"', '"""a"b"""', '"""a\nb"""', '""""""', "1", "-1", "+1", "007", "[]", "[ ]"],
  ...['["a"]', '[ "a",\n  "b", ]', '["a" "b"]', "[1]", '"open', '"""open"', "yes", "", '[ "a" # c\n]', "[,]", '"\xe4"'],
  ...["[ 1, 2, [ 3, 4 ], 5]", '[["a"], "b"]', '"a\0b"', "'#'", '";"', "12345678901", "- 1", "+", '"a" "b"', "'''a'''"],
);
const statement = fc
  .record({
    name: fc.constantFrom(...names, "memory_backing_dir", "A", "9a", "_a", "a-b", ""),
    before: fc.constantFrom("", "", "", " ", "\t"),
    equals: fc.constantFrom(" = ", "=", " =", "\t= ", "\n= ", " "),
    value,
    after: fc.constantFrom("", "", "", " ", " # why", "#why", " ;", "; ", " ; # c"),
  })
  .map(({ name, before, equals, value, after }) => before + name + equals + value + after);
const line = fc.oneof(
  { weight: 4, arbitrary: statement },
  { weight: 2, arbitrary: fc.constantFrom("# a comment", '#memory_backing_dir = "/dev/shm"', "", "  ", " # indented") },
);
const valid = fc
  .tuple(fc.constantFrom(...names), fc.constantFrom(" = ", "="), fc.constantFrom('"/x"', "'/y'", "5", '["a",\n"b"]'))
  .map((parts) => parts.join(""));
const validLine = fc.oneof(
  { weight: 2, arbitrary: valid },
  fc.constantFrom("# c", '#memory_backing_dir = "/dev/shm"', ""),
);

const ended = (lines: fc.Arbitrary<string>, ending: fc.Arbitrary<string>) =>
  fc.tuple(fc.array(lines, { maxLength: 6 }), ending, fc.boolean()).map(([all, eol, final]) => {
    return all.join(eol) + (final && all.length > 0 ? eol : "");
  });
const ending = fc.constantFrom("\n", "\n", "\r\n", "\r", " ; ");

/** Files that libvirt reads. */
export const goodTexts = ended(validLine, ending);

/** What the files are made of. */
export const pieces = [..."a=\"'#;[], \n\r1-+", '"""', "memory_backing_dir", ' = "/x"', "# c", "\r\n"];

/** Files that it reads, or nearly, or not at all. */
export const texts = fc.oneof(
  { weight: 3, arbitrary: goodTexts },
  { weight: 3, arbitrary: ended(line, ending) },
  { weight: 1, arbitrary: noise(pieces) },
);

/** Paths as a user may want them, with all that libvirt's quotes cannot or can hold. */
export const wantedPaths = fc.string({
  unit: fc.constantFrom("/", "a", "b", '"', "'", " ", "#", ";", "\xc3\xa4", "]"),
});
