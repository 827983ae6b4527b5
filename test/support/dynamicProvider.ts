import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join, resolve } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { providerText } from "../../provider/dynamic";

const root = resolve(__dirname, "..", "..", "..");
// The CLI's own protocol, which the SDK has as plain JavaScript.
const sdk = dirname(require.resolve("@pulumi/pulumi/package.json"));
const { ResourceProviderClient } = require(join(sdk, "proto/provider_grpc_pb.js"));
const messages = require(join(sdk, "proto/provider_pb.js"));
const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js");

type Properties = Record<string, unknown>;

/** What a method of the provider answered: a message as plain values, or an error. */
export type Outcome<T> =
  | { answer: T; error: undefined }
  | { answer: undefined; error: { message: string; id?: string } };

/** Pulumi's server for dynamic providers as the engine starts it, with our literal text, and no engine. */
export class DynamicProvider {
  /** Everything it printed, which the engine would show to the user. */
  printed = "";

  private constructor(
    private readonly server: ChildProcess,
    // biome-ignore lint/suspicious/noExplicitAny: generated JavaScript without types
    private readonly client: any,
  ) {}

  static async start(environment: NodeJS.ProcessEnv = {}): Promise<DynamicProvider> {
    const server = spawn(process.execPath, [join(sdk, "cmd/dynamic-provider/index.js"), "127.0.0.1:1"], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [first] = (await once(server.stdout!, "data")) as [Buffer];
    const port = /^(\d+)/.exec(first.toString())?.[1];
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const provider = new DynamicProvider(server, client);
    for (const stream of [server.stdout!, server.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        provider.printed += chunk.toString();
      });
    }
    const configure = new messages.ConfigureRequest();
    configure.setArgs(Struct.fromJavaScript({}));
    await provider.call("configure", configure);
    return provider;
  }

  async check(kind: string, olds: Properties, news: Properties) {
    const request = new messages.CheckRequest();
    request.setOlds(struct(kind, olds));
    request.setNews(struct(kind, news));
    return this.call("check", request, (answer) => ({
      inputs: answer.getInputs().toJavaScript() as Properties,
      failures: (answer.getFailuresList() as { getProperty(): string; getReason(): string }[]).map((each) => ({
        property: each.getProperty(),
        reason: each.getReason(),
      })),
    }));
  }

  async diff(kind: string, id: string, olds: Properties, news: Properties) {
    const request = new messages.DiffRequest();
    request.setId(id);
    request.setOlds(struct(kind, olds));
    request.setNews(struct(kind, news));
    const words = ["unknown", "none", "some"];
    return this.call("diff", request, (answer) => words[answer.getChanges()]);
  }

  async create(kind: string, inputs: Properties) {
    const request = new messages.CreateRequest();
    request.setProperties(struct(kind, inputs));
    return this.call("create", request, (answer) => ({ id: answer.getId() as string }));
  }

  async update(kind: string, id: string, olds: Properties, news: Properties) {
    const request = new messages.UpdateRequest();
    request.setId(id);
    request.setOlds(struct(kind, olds));
    request.setNews(struct(kind, news));
    return this.call("update", request, (answer) => answer.getProperties().toJavaScript() as Properties);
  }

  async read(kind: string, id: string, properties: Properties) {
    const request = new messages.ReadRequest();
    request.setId(id);
    request.setProperties(struct(kind, properties));
    return this.call("read", request, (answer) => ({
      id: answer.getId() as string,
      properties: answer.getProperties().toJavaScript() as Properties,
    }));
  }

  async delete(kind: string, id: string, properties: Properties) {
    const request = new messages.DeleteRequest();
    request.setId(id);
    request.setProperties(struct(kind, properties));
    return this.call("delete", request, () => "deleted");
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = once(this.server, "exit");
    this.server.kill();
    await ended;
  }

  // biome-ignore lint/suspicious/noExplicitAny: generated JavaScript without types
  private call<T>(method: string, request: any, read: (answer: any) => T = (answer) => answer): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      this.client[method](request, (error: grpc.ServiceError | null, answer: unknown) => {
        resolve(
          error ? { error: { message: error.details }, answer: undefined } : { answer: read(answer), error: undefined },
        );
      });
    });
  }
}

function struct(kind: string, properties: Properties) {
  return Struct.fromJavaScript({ __provider: providerText(kind), ...properties });
}
