let isWatching = false;

/**
 * Ends this process when nobody reads any more what it says. The engine that is killed leaves its plugins behind; Pulumi's
 * server for dynamic resources then reports each failed report of an error as another error, for ever, with all the
 * processor's time and ever more memory. What it had begun on a host goes on there by itself.
 */
export function endWithEngine(): void {
  if (isWatching) return;
  isWatching = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(1);
      throw error;
    });
  }
}
