import { DynamicProvider } from "../../support/dynamicProvider";
import type { LabHost } from "../../support/lab/labHost";
import { loginOf } from "./labStack";

type Properties = Record<string, unknown>;

/**
 * A BackingStore as the engine sees it, over a real login and without an engine: an emulated machine takes seconds for
 * whatever the CLI adds. Each is a provider process of its own, which has seen nothing of the host before.
 */
export class ProvidedStore {
  private constructor(
    private readonly provider: DynamicProvider,
    private readonly access: Properties,
  ) {}

  static async of(host: LabHost): Promise<ProvidedStore> {
    const access = { connection: loginOf(host), owner: "hostmem-test/test/compute-1" };
    return new ProvidedStore(await DynamicProvider.start(), access);
  }

  /** What a preview says is wrong, and what it would do. */
  async preview(declared: Properties): Promise<{ refused: string; plan: string[]; inputs: Properties }> {
    const { answer, error } = await this.provider.check("BackingStore", {}, { ...this.access, ...declared });
    if (error) throw new Error(error.message);
    const refused = answer.failures.map(({ property, reason }) => `${property} ${reason}`.trim()).join("\n");
    return { refused, plan: (answer.inputs["plan"] ?? []) as string[], inputs: answer.inputs };
  }

  /** What an update says is wrong, or nothing, and the new resource's id. */
  async create(inputs: Properties): Promise<{ refused: string; id: string }> {
    const { answer, error } = await this.provider.create("BackingStore", { ...this.access, ...inputs });
    return { refused: error?.message ?? "", id: answer?.id ?? error?.id ?? "" };
  }

  async destroy(id: string, inputs: Properties): Promise<void> {
    const { error } = await this.provider.delete("BackingStore", id, { ...this.access, ...inputs });
    if (error) throw new Error(error.message);
  }

  stop(): Promise<void> {
    return this.provider.stop();
  }
}
