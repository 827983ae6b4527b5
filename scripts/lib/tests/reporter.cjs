// Mocha's usual output, and beside it the counts and what failed in a file (reporter option `counts`), written as they
// change: what a process says at its end is lost when it crashes.
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, pending: 0, ended: false, interrupted: false, failures: [] };
    const save = () => writeFileSync(options.reporterOptions.counts, JSON.stringify(counts));
    const count = (event, key) =>
      runner.on(event, (test, error) => {
        counts[key]++;
        if (key === "failed") counts.failures.push(`${test.fullTitle()}: ${firstLineOf(error)}`);
        save();
      });
    count("pass", "passed");
    count("fail", "failed");
    count("pending", "pending");
    runner.on("end", () => {
      counts.ended = true;
      save();
    });
    save();

    // Mocha itself would die at once, and what the tests have started would stay.
    const interrupt = (signal) => {
      if (counts.interrupted) process.exit(130);
      counts.interrupted = true;
      save();
      console.error(`\n${signal}: no further test is started, waiting for clean-up (once more to give up on it)`);
      runner.abort();
    };
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", interrupt);
  }
};

function firstLineOf(error) {
  return String(error?.message ?? error)
    .split("\n", 1)[0]
    .slice(0, 300);
}
