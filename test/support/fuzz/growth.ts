/** How long a text may get: what a host's answer may be at most is more, but what grows too fast shows long before. */
const longest = 2 ** 18;
/** Below this much work, what is measured is the clock and the compiler. */
const measurableMs = 12;
/** Four times the text may be this many times the work. In proportion it is 4 times, and with the square 16. */
const tolerated = 9;

/** Repeats a text so that it becomes about `length` long. */
export type Pump = (length: number) => string;

/**
 * Throws if the work for a text grows faster than the text does: what somebody writes into a file of 4 MiB then takes hours.
 * The measure is how much the work grows from a text to one four times as long, in time of the processor, the least of
 * several times: how fast or busy a machine is has no part in it. Lengths grow in small steps, so that even
 * work that doubles with each character is seen before it takes for ever.
 */
export function assertProportional(read: (text: string) => void, pump: Pump): void {
  let length = 16;
  while (length < longest && work(read, pump(length)) < measurableMs) length = Math.ceil(length * 1.3);
  if (length >= longest) return;
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 4 && least > tolerated; attempt++) {
    const longer = leastWork(read, pump(length), 3);
    least = Math.min(least, longer / Math.max(0.01, leastWork(read, pump(Math.ceil(length / 4)), 5)));
  }
  if (least <= tolerated) return;
  throw new Error(`four times the text is ${Math.round(least)} times the work, at ${length} characters`);
}

function leastWork(read: (text: string) => void, text: string, times: number): number {
  return Math.min(...Array.from({ length: times }, () => work(read, text)));
}

/** Milliseconds of the processor. A refusal is as good as an answer. */
function work(read: (text: string) => void, text: string): number {
  const before = process.cpuUsage();
  try {
    read(text);
  } catch {
    // Other properties say which errors there may be.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
