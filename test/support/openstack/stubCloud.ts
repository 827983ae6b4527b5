import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OpenStackAccess } from "../../../provider/core/openstack/access";
import { Secret } from "../../../provider/core/transport/secret";

/** Something that answers in the place of a cloud, for what no cloud would answer when it is asked to. */
export class StubCloud {
  /** Method and path of each request, and what was in it. */
  readonly requests: { line: string; headers: IncomingMessage["headers"]; body: string }[] = [];

  private constructor(private readonly server: Server) {}

  static async start(
    answer: (line: string, response: ServerResponse, request: IncomingMessage) => void,
    create: (listener: RequestListener) => Server = createServer,
  ): Promise<StubCloud> {
    const server = create((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const line = `${request.method} ${request.url}`;
        stub.requests.push({ line, headers: request.headers, body: Buffer.concat(chunks).toString() });
        answer(line, response, request);
      });
    });
    const stub = new StubCloud(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return stub;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Access by a password, to services below `/compute` and `/placement`. */
  access(changes: Partial<OpenStackAccess> = {}, scheme = "http"): OpenStackAccess {
    const url = `${scheme}://127.0.0.1:${this.port}`;
    return {
      name: "stub",
      source: "a test",
      authUrl: `${url}/v3`,
      credential: { method: "password", user: { id: "u" }, password: new Secret("pass-4711") },
      scope: undefined,
      region: undefined,
      interface: "public",
      tls: { verify: true, cacertFile: undefined, certFile: undefined, keyFile: undefined },
      endpoints: { compute: `${url}/compute`, placement: `${url}/placement` },
      ...changes,
    };
  }

  count(line: string): number {
    return this.requests.filter((each) => each.line === line).length;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Answers like keystone: a token, and an empty catalog. */
export function giveToken(response: ServerResponse, token: string): void {
  reply(response, 201, { token: { catalog: [] } }, { "x-subject-token": token });
}

export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/html" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers }).end(text);
}
