import { type LabHost, startLabHost } from "../../support/lab/labHost";
import { traces } from "./novaState";

let shared: { host: LabHost; state: string } | undefined;

/**
 * The emulated machine that the lab tests share: its tests cost enough without a start for each file. Like the Nova host
 * of cleanHost.ts it is handed out only in the state it was made in.
 */
export async function cleanMachine(): Promise<LabHost> {
  if (shared) {
    const state = await stateOf(shared.host).catch((error: Error) => error.message);
    if (state === shared.state) return shared.host;
    console.error(`lab: ${shared.host.name} is not as it was, takes another machine:\n${shared.state}${state}`);
    await discard();
  }
  const host = await startLabHost({ kind: "vm", name: "machine" });
  // As deployers write it: the package's comments are what an emulated processor would be busy with.
  await host.succeed("sed -i '/^#/d; /^$/d' /etc/nova/nova.conf");
  shared = { host, state: await stateOf(host) };
  return host;
}

/** What the tests change: configuration, guests, what is on the disks or on top of them. */
async function stateOf(host: LabHost): Promise<string> {
  const state = await host.succeed(`
    sha256sum /etc/fstab /etc/crypttab /etc/mdadm/mdadm.conf /etc/nova/nova.conf /etc/libvirt/qemu.conf 2> /dev/null || :
    virsh -q list --all; ls -A /srv
    lsblk --noheadings --raw --output NAME,SIZE,RO,MOUNTPOINT
    for disk in ${host.disksById.join(" ")}; do wipefs --noheadings $disk; done`);
  return `${state}${(await traces(host)).join("\n")}`;
}

async function discard(): Promise<void> {
  const gone = shared?.host;
  shared = undefined;
  await gone?.destroy();
}

// A root hook: it runs after the last test of all files, whichever of them loaded this one.
after(async function () {
  this.timeout(120_000);
  await discard();
});
