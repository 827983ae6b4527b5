import { repositoryRoot } from "../lab/places";
import { storeFolder } from "./asked";
import { heading, say } from "./screen";
import type { Stage } from "./story";

/** For a host that stays: the commands to look at it, to go on by hand, and to get rid of it. */
export function howToLookAround({ host, stack }: Stage): void {
  heading("The host stays");
  say(`Look around, in ${repositoryRoot()}:
  npm run lab -- ssh ${host.name} findmnt ${storeFolder}
  npm run lab -- ssh ${host.name} sudo grep -n -e file_backed -e ram_allocation /etc/nova/nova.conf
  curl -s -H 'X-Auth-Token: admin' ${host.cloud.placementEndpoint}/resource_providers

Go on with the program in examples/compute-host by hand:
  . ${stack.writeSettings()}
  npm run pulumi -- preview
  npm run pulumi -- config set capacity '512 MiB'
  npm run pulumi -- up
  npm run pulumi -- destroy

Take it down, with its stack:
  npm run lab -- down ${host.name}`);
}
