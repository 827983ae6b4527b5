import { join, resolve } from "node:path";
import { LineProcess } from "../lineProcess";
import { library, unpacked } from "../unpacked";

/** Every entry in file order, `#comment` and `#empty` among them; a list's items instead of a value. */
export type AugeasAnswer = { error: string } | { entries: [name: string, value: string | string[] | null][] };

/** A process that has loaded Augeas with the lens that libvirt ships for qemu.conf. */
export class AugeasOracle {
  private constructor(private readonly process: LineProcess) {}

  static async start(): Promise<AugeasOracle> {
    const wanted = { libraries: ["libaugeas0"], files: ["libvirt-daemon-driver-qemu", "augeas-lenses"] };
    const folder = await unpacked("augeas", wanted);
    const { path, environment } = library(folder, "libaugeas.so.0");
    const script = resolve(__dirname, "../../../../test/support/augeas/oracle.py");
    const all = join(folder, "usr/share/augeas/lenses");
    const lenses = `${all}:${join(all, "dist")}`;
    return new AugeasOracle(LineProcess.start("Augeas", ["python3", script, path, lenses], environment));
  }

  ask(text: string): Promise<AugeasAnswer> {
    return this.process.ask({ text });
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
