#!/usr/bin/env node
import { runCommand } from "./command";

// A pager that was left before the end is no failure.
process.stdout.on("error", () => process.exit());
const output = {
  out: (text: string) => process.stdout.write(text),
  problem: (text: string) => process.stderr.write(text),
};
void runCommand(process.argv.slice(2), output).then((code) => {
  process.exitCode = code;
});
