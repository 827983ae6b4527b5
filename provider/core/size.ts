/** An amount of memory as the user writes it: text with a unit ("1 TiB", "512 MiB"), or a number of MiB. */
export type SizeInput = string | number;

/** An amount of memory. */
export interface Size {
  /** Whole, and exactly representable. */
  bytes: number;
}

const units = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
type Unit = keyof typeof units;

/** What people write who mean one of the units. */
const meant: Readonly<Record<string, Unit>> = Object.fromEntries(
  (Object.keys(units) as Unit[]).flatMap((unit) => {
    const letter = unit[0]!;
    return [letter, `${letter}B`, unit].map((name) => [name.toLowerCase(), unit]);
  }),
);

/** In characters. What is longer has no meaning, and takes long to find out about. */
const longest = 200;

/**
 * Reads a size. Binary units only: a disk sold as "1 TB" holds 9 % less than 1 TiB, and Nova, libvirt and the kernel count in
 * binary units.
 *
 * @throws RangeError with a sentence that says what to write instead.
 */
export function parseSize(input: SizeInput): Size {
  if (typeof input === "number") {
    if (!Number.isInteger(input) || input < 0) {
      throw new RangeError(
        `${input} is no size: a number is a whole number of MiB; write text with a unit for anything else`,
      );
    }
    return exact(input * units.MiB, `${input}`);
  }
  if (input.length > longest)
    throw new RangeError(
      `a text of ${input.length} characters is no size: write a number and a unit, such as "512 MiB"`,
    );
  const shown = JSON.stringify(input);
  const match = /^(\d+)(?:\.(\d+))?\s*([A-Za-z]*)$/.exec(input.trim());
  if (!match) throw new RangeError(`${shown} is no size: write a number and a unit, such as "512 MiB" or "1.5 TiB"`);
  const [, whole, fraction = "", unit] = match as unknown as [string, string, string | undefined, string];
  const amount = fraction === "" ? whole : `${whole}.${fraction}`;
  if (unit === "")
    throw new RangeError(`${shown} has no unit: write "${amount} MiB", or the number without quotes for MiB`);
  if (!Object.hasOwn(units, unit)) {
    const advice = meant[unit.toLowerCase()];
    throw new RangeError(
      advice === undefined
        ? `${shown} has a unit that is none here: the units are ${Object.keys(units).join(", ")}`
        : `${shown} ${whyNot(unit, advice)}: write "${amount} ${advice}"`,
    );
  }
  // In whole numbers, as 0.1 GiB is not exact in floating point.
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * BigInt(units[unit as Unit]);
  if (scaled % scale !== 0n)
    throw new RangeError(`${shown} is not a whole number of bytes: write fewer digits after the point`);
  return exact(Number(scaled / scale), shown);
}

/**
 * The size in MiB, the unit of Nova's options and of placement.
 *
 * @throws RangeError if that is not a whole number.
 */
export function toMib(size: Size): number {
  const mib = size.bytes / units.MiB;
  if (!Number.isInteger(mib))
    throw new RangeError(`${formatSize(size)} is not a whole number of MiB, in which Nova counts: write one that is`);
  return mib;
}

/** The shortest exact text for a number of MiB: "1 TiB", "1.5 GiB", "1023 MiB". Reads back as the same size. */
export function formatMib(mib: number): string {
  return formatSize({ bytes: mib * units.MiB });
}

/** The shortest exact text for a size, in the largest unit that needs at most two digits after the point. */
export function formatSize(size: Size): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"] as const) {
    const amount = size.bytes / units[unit];
    if (amount >= 1 && Number.isInteger(amount * 4)) return `${amount} ${unit}`;
  }
  return size.bytes === 0 ? "0 MiB" : `${size.bytes / units.KiB} KiB`;
}

/** What is wrong with a unit that is nearly one of ours. */
function whyNot(unit: string, advice: Unit): string {
  if (unit.toLowerCase() === advice.toLowerCase()) return "has a unit in other letters than here";
  // "GB" are powers of 1000 on a disk's label and powers of 1024 elsewhere; "G" can be either.
  return "has a unit that can mean powers of 1000, and memory is counted in powers of 1024";
}

function exact(bytes: number, shown: string): Size {
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`${shown} is too large: write at most 8191 TiB`);
  return { bytes: bytes === 0 ? 0 : bytes }; // -0 is no other size
}
