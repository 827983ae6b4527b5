/** True for what can be a host's or a user's name: ssh takes it for no option, and no shell for more than a word. */
export function isPlainName(text: string): boolean {
  return /^[^-\s'"`$\\;&<>|(){}[\]*?!#~\u0000-\u001f\u007f][^\s'"`$\\;&<>|(){}[\]*?!#~\u0000-\u001f\u007f]*$/.test(
    text,
  );
}

/** True for what can be a host's name or address, and has nobody's user or password before it. */
export function isHostName(text: string): boolean {
  return isPlainName(text) && !/@|:\/\//.test(text);
}
