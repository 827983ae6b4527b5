const QUIET_MILLISECONDS = 1000;
const LOG_EVERY_SECONDS = 30;

/**
 * Says what is being done once it has taken more than a second: one line that counts on a terminal, a line now and then in a log.
 * On standard error, so that the output of commands we run for the user stays theirs.
 */
export function startProgress(what) {
  const started = Date.now();
  const terminal = process.stderr.isTTY;
  const seconds = () => Math.round((Date.now() - started) / 1000);
  let shown = false;
  let nextLog = LOG_EVERY_SECONDS;
  const show = () => {
    if (terminal) {
      process.stderr.write(`\r\u001b[K${what} … ${seconds()} s`);
    } else if (!shown) {
      process.stderr.write(`${what} …\n`);
    } else if (seconds() >= nextLog) {
      nextLog += LOG_EVERY_SECONDS;
      process.stderr.write(`${what} … ${seconds()} s\n`);
    }
    shown = true;
  };
  const timer = setInterval(show, QUIET_MILLISECONDS);
  const finish = (verdict) => {
    clearInterval(timer);
    if (shown) process.stderr.write(`${terminal ? "\r\u001b[K" : ""}${what}: ${verdict} after ${seconds()} s\n`);
  };
  return { done: () => finish("done"), failed: () => finish("failed"), stop: () => finish("stopped") };
}
