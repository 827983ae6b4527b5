import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { homedir } from "node:os";
import type { Secret } from "../transport/secret";
import type { Tls } from "./access";

export interface HttpRequest {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Readonly<Record<string, string | Secret>>;
  body: string | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** Bounds of every single answer. */
export interface HttpLimits {
  /** From the first attempt to connect to the last byte. */
  timeoutMs: number;
  maxBytes: number;
}

/**
 * nova-api itself waits 60 s for a compute (`[DEFAULT] rpc_response_timeout`) before it answers. Lists of a thousand servers
 * with all their details are well below the size.
 */
export const defaultLimits: HttpLimits = { timeoutMs: 90_000, maxBytes: 32 * 1024 * 1024 };

/** There was no answer, or none that can be read; the message says why and has nothing of the request in it. */
export class NoAnswer extends Error {
  constructor(
    message: string,
    /** True if the service cannot have begun with what was asked of it. */
    readonly beforeRequest: boolean,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}

/** The only thing that opens connections to a cloud. Follows no redirect: a token is for whom it was meant for. */
export class HttpClient {
  private readonly plain = new http.Agent({ keepAlive: true, maxSockets: 8 });
  private encrypted: https.Agent | undefined;

  constructor(
    private readonly tls: Tls,
    private readonly limits: HttpLimits = defaultLimits,
  ) {}

  /** @throws NoAnswer */
  send(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(this.limits.timeoutMs);
      const fail = (error: unknown, isConnected: boolean) =>
        reject(limit.aborted ? this.late(isConnected) : noAnswer(error, isConnected));
      let sent: http.ClientRequest;
      try {
        sent = this.open(request, limit);
      } catch (error) {
        return fail(error, false);
      }
      sent.once("error", (error) => fail(error, sent.socket?.connecting === false));
      sent.once("response", (answer) => {
        collect(answer, this.limits.maxBytes).then(
          (body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
          (error: unknown) => fail(error, true),
        );
      });
      sent.end(request.body);
    });
  }

  close(): void {
    this.plain.destroy();
    this.encrypted?.destroy();
  }

  private open({ method, url, headers, body }: HttpRequest, signal: AbortSignal): http.ClientRequest {
    const revealed = Object.entries(headers).map(
      ([name, value]) => [name, typeof value === "string" ? value : value.reveal()] as const,
    );
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const options = { method, signal, headers: { ...Object.fromEntries(revealed), ...length } };
    if (url.protocol === "http:") return http.request(url, { ...options, agent: this.plain });
    this.encrypted ??= new https.Agent({ keepAlive: true, maxSockets: 8, ...certificates(this.tls) });
    return https.request(url, { ...options, agent: this.encrypted });
  }

  private late(isConnected: boolean): NoAnswer {
    return new NoAnswer(`no answer within ${this.limits.timeoutMs / 1000} s`, !isConnected);
  }
}

function certificates({ verify, cacertFile, certFile, keyFile }: Tls): https.AgentOptions {
  return {
    rejectUnauthorized: verify,
    ...(cacertFile === undefined || !verify ? {} : { ca: read("cacert", cacertFile) }),
    ...(certFile === undefined ? {} : { cert: read("cert", certFile), key: read("key", keyFile ?? certFile) }),
  };
}

function read(what: string, path: string): Buffer {
  try {
    return readFileSync(path.replace(/^~(?=\/)/, homedir()));
  } catch (error) {
    throw new NoAnswer(`${what} ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, true);
  }
}

async function collect(answer: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      answer.destroy();
      throw new NoAnswer(`the answer is longer than ${maxBytes} bytes`, false);
    }
    chunks.push(chunk);
  }
  if (!answer.complete) throw new NoAnswer("the connection ended in the middle of the answer", false);
  return Buffer.concat(chunks);
}

/** What Node calls errors of connections and certificates, in words of what to look at. */
const reasons: Record<string, string> = {
  ECONNREFUSED: "nobody listens there",
  ENOTFOUND: "that name is not known",
  EAI_AGAIN: "no name server answers",
  ETIMEDOUT: "nobody answers there",
  EHOSTUNREACH: "there is no way to that address",
  ENETUNREACH: "there is no way to that network",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  EPROTO: "it does not speak TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by nobody known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by nobody known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by nobody known here",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** Reasons for which trying again is of no use. */
const lasting = /certificate|TLS/;

/** True for what may be otherwise a moment later. */
export function mayPass(error: NoAnswer): boolean {
  return !lasting.test(error.message) && !error.message.includes("cannot be read");
}

function noAnswer(error: unknown, isConnected: boolean): NoAnswer {
  if (error instanceof NoAnswer) return error;
  // A name with several addresses fails with an error for each of them.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const { code = "", message = String(first) } = first as NodeJS.ErrnoException;
  return new NoAnswer(reasons[code] ?? message, !isConnected, { cause: error });
}
