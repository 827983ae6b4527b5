import { readAccess, readCommon } from "../../../provider/core/inputs/common";
import { Inputs, type Problem } from "../../../provider/core/inputs/problem";
import { backingStore } from "../../../provider/core/kinds/backingStore";
import { planLines } from "../../../provider/core/plan/step";
import { HostSession } from "../../../provider/core/session";
import { openTransport } from "../../../provider/core/transport";
import { DynamicProvider } from "../../support/dynamicProvider";
import type { LabHost } from "../../support/lab/labHost";
import { loginOf } from "./labStack";

type Properties = Record<string, unknown>;

const owner = "hostmem-test/test/compute-1";

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
    const access = { connection: loginOf(host), owner };
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

/**
 * What a preview would say is wrong with each of these, and what it would do, by one reading of the host: of all that a
 * preview does, that takes an emulated machine half a minute. Nothing is remembered.
 */
export async function previewsOf(
  host: LabHost,
  declared: Properties[],
): Promise<{ refused: string; plan: string[] }[]> {
  const problems: Problem[] = [];
  const read = declared.map((properties) => {
    const inputs = new Inputs({ connection: loginOf(host), owner, ...properties }, "", problems);
    return { access: readAccess(inputs), args: backingStore.check(inputs, readCommon(inputs)) };
  });
  const access = read[0]?.access;
  if (!access || problems.length > 0) throw new Error(JSON.stringify(problems));
  const session = new HostSession(openTransport(access.connection, access.become), async () => undefined);
  try {
    for (const { args } of read) session.probe(backingStore.probes!(args));
    const facts = await session.facts();
    return read.map(({ args }) => {
      const found = backingStore.evaluate(args, facts, { recorded: undefined, planned: [] });
      const refused = found.problems.map(({ path, message }) => `${path} ${message}`).join("\n");
      return { refused, plan: planLines(found.plan) };
    });
  } finally {
    await session.close();
  }
}
