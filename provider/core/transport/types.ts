/** One way to run a script as root on one host. The only thing that knows how is behind this interface. */
export interface Transport {
  /** The name of the host in messages: the connection's `host`. */
  readonly host: string;
  /**
   * Runs a POSIX `sh` script as root and returns what it printed.
   *
   * The script goes over standard input, never as an argument, so nothing in it shows in a process list. It is read as a
   * whole before any of it runs, and runs with standard input closed. What login shells, banners and profiles print is
   * not part of the result. A non-zero exit code is a result, not an error.
   *
   * @throws HostError of kind unreachable, host-key, authentication, become, timeout or unexpected.
   */
  run(script: string, options?: RunOptions): Promise<RunResult>;
  /** Lets go of what this process holds (child processes, private files); a shared login may outlive it for a while. */
  close(): Promise<void>;
}

export interface RunOptions {
  /** Bound on the whole run once logged in, in milliseconds. Default 60 000. */
  timeoutMs?: number;
  /** Bound on what the script may print, in bytes. Default 32 MiB; more is an `unexpected` error. */
  maxOutputBytes?: number;
  /** Called with each piece of the script's standard output as it comes, after the noise before it was cut off. */
  onOutput?: (chunk: Buffer) => void;
}

export interface RunResult {
  stdout: Buffer;
  /** The last 8 KiB of standard error, without terminal escapes. */
  stderr: string;
  exitCode: number;
}
