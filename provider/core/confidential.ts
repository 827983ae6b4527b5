// Nova's configuration has the passwords of the whole cloud in it, and previews are read by many: what is quoted from it, or
// from what Nova says of it, is names.

/**
 * What may be told of a line of a configuration file that cannot be read: the option's name, or the beginning of a header.
 * Undefined where the line may be nothing but a part of a value.
 */
export function nameInLine(line: string): string | undefined {
  return /^\[[\w-]*/.exec(line)?.[0] ?? /^([\w-]+)[ \t]*[=:]/.exec(line)?.[1];
}

const secretName = /\w*(?:passw|secret|key|token|url|connection|credential)[\w-]*/i.source;

/** Ways in which Nova, and the libraries that it uses, quote values of the configuration: what may be shown, and the rest. */
const quotes: readonly [pattern: RegExp, shown: (before: string, quoted: string) => string][] = [
  // oslo.config's ParseError ends with the whole line, as Python's repr().
  [
    /(\bat \S+:\d+, .*?: )[ub]?['"](.*)$/,
    (before, line) => {
      const name = nameInLine(line);
      return name === undefined ? before.replace(/: $/, "") : `${before}'${name}'`;
    },
  ],
  [/(\bfound in assignment: )(.*)$/, (before) => before.replace(/: $/, "")],
  [new RegExp(`(\\bfor option ${secretName} .*?\\bnot valid: )(.*)$`, "i"), (before) => `${before}…`],
  [new RegExp(`(\\b${secretName}["']?\\s*=\\s*)(.*)$`, "i"), (before) => `${before}…`],
  [/(\b\w*(?:passw|secret|token|credential)\w*["']?: )(.*)$/i, (before) => `${before}…`],
  // User and password of a URL, such as transport_url's. There may be several in one, and an @ in a password.
  [/(:\/\/)(\S*@)/, (before) => `${before}…@`],
];

/** A line of Nova's log without the values in it that may be secret. */
export function withoutSecrets(line: string): string {
  return quotes.reduce(
    (text, [pattern, shown]) =>
      text.replace(new RegExp(pattern, `${pattern.flags}g`), (_, before, quoted) => shown(before, quoted)),
    line,
  );
}
