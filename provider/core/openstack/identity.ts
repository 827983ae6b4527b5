import { Secret } from "../transport/secret";
import type { Credential, Domain, Named, Scope } from "./access";
import type { Answer } from "./answer";
import type { CatalogEndpoint } from "./catalog";

/** A token, and where the services are that it is for. */
export interface Token {
  id: Secret;
  catalog: CatalogEndpoint[];
}

/**
 * The body of `POST /v3/auth/tokens`. Has the credential in clear: it goes to keystone and nowhere else.
 */
export function authenticationBody(credential: Credential, scope: Scope | undefined): string {
  return JSON.stringify({
    auth: {
      identity: { methods: [credential.method], [credential.method]: proof(credential) },
      ...(scope === undefined ? {} : { scope: scopeBody(scope) }),
    },
  });
}

function proof(credential: Credential): object {
  switch (credential.method) {
    case "password":
      return { user: { ...namedBody(credential.user), password: credential.password.reveal() } };
    case "token":
      return { id: credential.token.reveal() };
    case "application_credential": {
      const secret = credential.secret.reveal();
      if ("id" in credential) return { id: credential.id, secret };
      return { name: credential.name, user: namedBody(credential.user), secret };
    }
  }
}

function scopeBody(scope: Scope): object {
  if ("project" in scope) return { project: namedBody(scope.project) };
  return "domain" in scope ? { domain: scope.domain } : { system: { all: true } };
}

function namedBody(named: Named): { id: string } | { name: string; domain: Domain } {
  return "id" in named ? { id: named.id } : { name: named.name, domain: named.domain };
}

/** Reads what keystone answers with a new token. */
export function readToken(header: string | string[] | undefined, answer: Answer): Token | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  const services = answer.get("token").optional("catalog")?.list() ?? [];
  return {
    id: new Secret(header),
    catalog: services.flatMap((service) =>
      service
        .get("endpoints")
        .list()
        .map((each) => ({
          type: service.get("type").text(),
          interface: each.get("interface").text(),
          region: (each.optional("region_id") ?? each.optional("region"))?.text(),
          url: each.get("url").text(),
        })),
    ),
  };
}
