import { setTimeout as pause } from "node:timers/promises";
import type { Secret } from "../transport/secret";
import type { OpenStackAccess } from "./access";
import { Answer, BadAnswer, errorCode, parseAnswer, spokenError } from "./answer";
import { endpointOf, type Service } from "./catalog";
import { CloudError, type CloudErrorKind } from "./errors";
import { type HttpAnswer, HttpClient, type HttpRequest, mayPass, NoAnswer } from "./http";
import { authenticationBody, readToken, type Token } from "./identity";
import { withoutSecrets } from "./redact";

/** A request to a service, relative to its endpoint. */
export interface ServiceRequest {
  service: Service;
  method: HttpRequest["method"];
  /** Below the endpoint, with its first slash; parts that are data are encoded by `pathTo`. */
  path: string;
  /** Below the version of the API instead, where the endpoint has a project's id behind that. */
  isOfVersion?: true;
  query?: Readonly<Record<string, string>>;
  body?: object;
  /** Version of the service's API that the request is written for, as in `2.53`. */
  microversion?: string;
}

/** How long to wait before the second and the third attempt. */
const pausesMs = [1_000, 3_000];

/** A service that asks for more patience than this is not waited for. */
const longestRetryAfterSeconds = 30;

/** Speaks with one cloud: logs in when first needed, and again once when a token is no longer taken. */
export class OpenStackClient {
  private readonly http: HttpClient;
  private token: Promise<Token> | undefined;
  private readonly secrets: Secret[];

  constructor(
    readonly access: OpenStackAccess,
    http?: HttpClient,
    /** Lets time pass between two attempts. */
    readonly wait: (ms: number) => Promise<unknown> = pause,
  ) {
    this.http = http ?? new HttpClient(access.tls);
    const { credential } = access;
    this.secrets = [
      credential.method === "password"
        ? credential.password
        : credential.method === "token"
          ? credential.token
          : credential.secret,
    ];
  }

  get cloud(): string {
    return this.access.name;
  }

  /** Asks a service and reads its answer; one without a body is an empty object. */
  async ask<Result>(request: ServiceRequest, read: (answer: Answer) => Result): Promise<Result> {
    const url = await this.urlOf(request);
    const answer = await this.authenticated(request, url);
    return this.reading(request.method, url, () => read(bodyOf(answer)));
  }

  close(): void {
    this.http.close();
  }

  private async urlOf({ service, path, isOfVersion, query }: ServiceRequest): Promise<URL> {
    const url = endpointOf(service, this.access, (await this.login()).catalog);
    const base = url.pathname.replace(/\/+$/, "");
    url.pathname = (isOfVersion ? base.replace(/(\/v[0-9.]+)\/[^/]+$/, "$1") : base) + path;
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return url;
  }

  private async authenticated(request: ServiceRequest, url: URL): Promise<HttpAnswer> {
    for (let isFirst = true; ; isFirst = false) {
      const login = this.login();
      const answer = await this.send(httpRequest(request, url, (await login).id));
      if (answer.status === 401 && isFirst) {
        // Another request may have noticed as well, and have logged in already.
        if (this.token === login) this.token = undefined;
        continue;
      }
      if (answer.status < 200 || answer.status > 299) throw this.refused(request.method, url, answer);
      return answer;
    }
  }

  private login(): Promise<Token> {
    this.token ??= this.authenticate().catch((error: unknown) => {
      this.token = undefined;
      throw error;
    });
    return this.token;
  }

  private async authenticate(): Promise<Token> {
    const { authUrl, credential, scope } = this.access;
    const url = new URL(`${authUrl}/auth/tokens`);
    const answer = await this.send({
      method: "POST",
      url,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: authenticationBody(credential, scope),
    });
    if (answer.status !== 201 && answer.status !== 200) {
      // Keystone answers so if it does not find a token; what is no keystone answers in no JSON.
      const isUnknown = answer.status === 404 && credential.method === "token" && isJson(answer);
      throw this.refused("POST", url, answer, this.meaningOf(isUnknown ? 401 : answer.status, url));
    }
    const token = this.reading("POST", url, () => {
      const read = readToken(answer.headers["x-subject-token"], bodyOf(answer));
      if (!read) throw new BadAnswer("the answer has no token");
      return read;
    });
    this.secrets.push(token.id);
    return token;
  }

  /** Tries again what may have been a hiccup. A token is no harm to ask for twice; other POSTs are sent once. */
  private async send(request: HttpRequest): Promise<HttpAnswer> {
    const isRepeatable = request.method !== "POST" || request.url.pathname.endsWith("/auth/tokens");
    for (let attempt = 0; ; attempt++) {
      const patience = isRepeatable ? pausesMs[attempt] : undefined;
      try {
        const answer = await this.http.send(request);
        const delay = patience === undefined ? undefined : delayOf(answer, patience);
        if (delay === undefined) return answer;
        await this.wait(delay);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (patience === undefined || !mayPass(error)) throw this.unreachable(request, error);
        await this.wait(patience);
      }
    }
  }

  private unreachable({ method, url }: HttpRequest, error: NoAnswer): CloudError {
    const what = `${method} ${shown(url)}: ${this.clean(error.message)}`;
    const isCertificate = error.message.includes("certificate") || error.message.includes("TLS");
    const advice = isCertificate
      ? `set cacert to the authority's certificate (${this.access.source})`
      : `look whether that address is right (${this.access.source}) and can be reached from here`;
    return new CloudError("unreachable", this.cloud, what, advice, { cause: error });
  }

  private refused(
    method: string,
    url: URL,
    answer: HttpAnswer,
    { kind, advice } = this.meaningOf(answer.status, url),
  ): CloudError {
    const said = this.clean(spokenError(answer.body, answer.headers["content-type"]));
    const code = errorCode(answer.body);
    const problem = `${method} ${shown(url)}: status ${answer.status}${said ? `, ${said}` : ""}`;
    return new CloudError(kind, this.cloud, problem, advice, { code });
  }

  private meaningOf(status: number, url: URL): { kind: CloudErrorKind; advice: string } {
    const { source } = this.access;
    if (status === 400) return { kind: "invalid", advice: "look whether that service is older than Rocky" };
    if (status === 401) return { kind: "authentication", advice: `look at the credential (${source})` };
    if (status === 403) return { kind: "forbidden", advice: `give the credential's user the admin role (${source})` };
    if (status === 404) return { kind: "missing", advice: `look whether ${url.origin} is that service (${source})` };
    if (status === 409) return { kind: "conflict", advice: "try again: somebody else changed it at the same time" };
    if (status === 429 || status === 502 || status === 503 || status === 504)
      return { kind: "unreachable", advice: "try again once the service is back" };
    return { kind: "unexpected", advice: "look into that service's own log" };
  }

  private reading<Result>(method: string, url: URL, read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error;
      const problem = `${method} ${shown(url)}: ${this.clean(error.message)}`;
      throw new CloudError("unexpected", this.cloud, problem, `look whether ${url.origin} is that service`, {
        cause: error,
      });
    }
  }

  private clean(text: string): string {
    return withoutSecrets(text, this.secrets);
  }
}

/** A path of fixed names and of data. */
export function pathTo(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join("");
}

function httpRequest(request: ServiceRequest, url: URL, token: Secret): HttpRequest {
  const { service, method, body, microversion } = request;
  const headers: Record<string, string | Secret> = { "x-auth-token": token, accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (microversion !== undefined) headers["openstack-api-version"] = `${service} ${microversion}`;
  return { method, url, headers, body: body === undefined ? undefined : JSON.stringify(body) };
}

function isJson({ headers }: HttpAnswer): boolean {
  return headers["content-type"]?.includes("json") ?? false;
}

function bodyOf({ body }: HttpAnswer): Answer {
  return body.length === 0 ? new Answer({}) : parseAnswer(body);
}

/** Milliseconds after which another attempt makes sense; undefined if none does. */
function delayOf({ status, headers }: HttpAnswer, ordinary: number): number | undefined {
  if (![429, 502, 503, 504].includes(status)) return undefined;
  const asked = Number(headers["retry-after"] ?? Number.NaN);
  if (Number.isNaN(asked)) return ordinary;
  return asked <= longestRetryAfterSeconds ? Math.max(asked * 1000, ordinary) : undefined;
}

/** Without what is asked for: names of hosts and guests make no address clearer. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
