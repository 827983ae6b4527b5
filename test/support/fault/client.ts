// node client.js HOST up|destroy JSON: a client of its own for one lab host, to be killed by who started it.
import { findLabHost } from "../lab/labHost";
import { CoreHost, type DeclaredHost } from "./coreHost";
import { impatient } from "./lives";

async function main([name, verb, declared]: string[]): Promise<void> {
  const core = new CoreHost(findLabHost(name!));
  const what = JSON.parse(declared!) as DeclaredHost;
  if (verb === "up") await core.up(what, { change: impatient });
  else await core.destroy(what, { change: impatient });
}

main(process.argv.slice(2)).catch((error) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
