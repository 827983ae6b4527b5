/**
 * One line per layer with a line for each of its failures, and, last, the totals alone on their line. Each problem counts
 * as one failure, so nothing that did not run can look like success.
 * @param {{name: string, passed: number, failed: number, failures: string[], problems: string[], seconds: number}[]} results
 */
export function tally(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  const failedOf = ({ failed, problems }) => failed + problems.length;
  const lines = results.map((result) => {
    const counts = `${result.passed} passed, ${failedOf(result)} failed in ${result.seconds.toFixed(1)} s`;
    return [`${result.name.padEnd(width)}  ${counts}`, ...result.failures, ...result.problems].join("\n  ");
  });
  const passed = sum(results.map((result) => result.passed));
  const failed = sum(results.map(failedOf));
  return { lines: [...lines, "", `${passed} passed, ${failed} failed`], good: failed === 0 && passed > 0 };
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
