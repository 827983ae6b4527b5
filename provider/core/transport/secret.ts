import { inspect } from "node:util";

const SHOWN = "[secret]";

/** Text that shows as `[secret]` wherever it is printed, logged, joined to other text or turned into JSON by mistake. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Every call is a place to look at in a review. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

/** A secret of a text that may be missing; empty text counts as missing, as a password that was left empty does. */
export function secret(text: string | undefined): Secret | undefined {
  return text ? new Secret(text) : undefined;
}
