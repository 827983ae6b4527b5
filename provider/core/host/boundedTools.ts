const toolSeconds = 15;
const toolBytes = 1024 * 1024;

/**
 * Shell functions by the names of tools that are asked something: they have no more than this time and room, whatever they
 * do. `bounded TOOL` ends with the tool's own exit code, that of timeout(1), or 141 for a tool that prints too much.
 */
export function boundedTools(tools: readonly string[]): string {
  return `
bounded() {
  { bounded_code=$( { { timeout ${toolSeconds} "$@" </dev/null 3>&- 4>&-; echo "$?" >&3; } | head -c ${toolBytes} >&4; } 3>&1 ); } 4>&1
  return "\${bounded_code:-1}"
}
${tools.map((tool) => `${tool}() { bounded ${tool} "$@"; }\n`).join("")}`;
}
