import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LineProcess } from "../lineProcess";
import { osloPython } from "./environment";

/** A whole host as far as oslo.config sees it, and what to read from it. */
export interface OsloRequest {
  /** Contents by absolute path, as bytes (latin1); null is an empty directory. */
  files: Record<string, string | null>;
  args: string[];
  environment: Record<string, string>;
  /** Options to register beside Nova's own, as strings: section and name. */
  strings: [string, string][];
  /** Options to read: section and name. */
  read: [string, string][];
}

/** An option's converted value, or the Python exception that reading it raised. */
export type OsloValue = { value: unknown } | { error: string; message: string };

export type OsloAnswer =
  /** The service would not start. */
  | { error: string; message: string }
  /** `files`: section, option, raw values, per parsed file in parse order. */
  | { files: Record<string, Record<string, string[]>>[]; values: OsloValue[] };

/** One option's text, and the type that it is converted by: numbers with 0 as their minimum. */
export interface OsloConversion {
  type: "integer" | "float" | "list" | "dictionary";
  /** Bytes (latin1) of UTF-8. */
  text: string;
}

/** A running oslo.config of one version, asked one request after the other. */
export class OsloOracle {
  private constructor(
    private readonly process: LineProcess,
    private readonly root: string,
  ) {}

  static async start(version: string): Promise<OsloOracle> {
    const python = await osloPython(version);
    const root = mkdtempSync(join(tmpdir(), "hostmem-oslo-"));
    const script = resolve(__dirname, "../../../../test/support/oslo/oracle.py");
    // A user namespace gives somebody who is not root the right to chroot.
    const wrapper = process.getuid?.() === 0 ? [] : ["unshare", "--map-root-user"];
    return new OsloOracle(LineProcess.start(`oslo.config ${version}`, [...wrapper, python, script, root]), root);
  }

  ask(request: OsloRequest): Promise<OsloAnswer> {
    return this.process.ask(request);
  }

  convert(conversion: OsloConversion): Promise<OsloValue> {
    return this.process.ask({ convert: conversion });
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}
