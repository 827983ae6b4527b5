import { resolve } from "node:path";
import { LineProcess } from "../lineProcess";
import { library, unpacked } from "../unpacked";

export type VirconfAnswer = { error: string } | { values: unknown[] };

/** A process that has loaded libvirt's own library, asked one text after the other. */
export class VirconfOracle {
  private constructor(private readonly process: LineProcess) {}

  static async start(): Promise<VirconfOracle> {
    const { path, environment } = library(await unpacked("libvirt", { libraries: ["libvirt0"] }), "libvirt.so.0");
    const script = resolve(__dirname, "../../../../test/support/virconf/oracle.py");
    return new VirconfOracle(LineProcess.start("libvirt's library", ["python3", script, path], environment));
  }

  ask(text: string, read: readonly string[]): Promise<VirconfAnswer> {
    return this.process.ask({ text, read });
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
