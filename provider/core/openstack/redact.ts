import type { Secret } from "../transport/secret";

/** Shorter texts are part of ordinary words, and no secrets that were worth one. */
const shortest = 4;

/**
 * Takes secrets out of what somebody else said: proxies and debugging pages show the request that they did not like.
 */
export function withoutSecrets(text: string, secrets: readonly Secret[]): string {
  const forms = secrets
    .map((secret) => secret.reveal())
    .filter((each) => each.length >= shortest)
    .flatMap((each) => [each, JSON.stringify(each).slice(1, -1), encodeURIComponent(each)]);
  return [...new Set(forms)]
    .sort((one, other) => other.length - one.length)
    .reduce((clean, form) => clean.replaceAll(form, "[secret]"), text);
}
