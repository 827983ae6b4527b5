import { compareRecords, type HostRecord } from "../../support/lab/hostRecord";
import { type LabHost, startLabHost } from "../../support/lab/labHost";
import { keptByNova } from "./keptByNova";
import { recordOf } from "./novaState";

let shared: { host: LabHost; record: HostRecord } | undefined;

/**
 * The Nova host that the lab tests share, since each takes half a minute to start. It is handed out only in the state it
 * was made in: a host that some test left otherwise is thrown away, so that one failure does not look like many.
 */
export async function cleanNovaHost(): Promise<LabHost> {
  if (shared) {
    const left = await whatIsLeft(shared.host, shared.record).catch((error: Error) => [error.message]);
    if (left.length === 0) return shared.host;
    console.error(`lab: ${shared.host.name} is not as it was, takes another host:\n  ${left.join("\n  ")}`);
    await discard();
  }
  const host = await startLabHost({ kind: "nova" });
  // libvirt starts it with the first guest; every host that has been in use has it.
  await host.succeed("systemctl start virtlogd");
  shared = { host, record: await fullRecordOf(host) };
  return host;
}

async function whatIsLeft(host: LabHost, record: HostRecord): Promise<string[]> {
  return compareRecords(record, await fullRecordOf(host), keptByNova);
}

/** The usual record, with the logins and the guests. */
async function fullRecordOf(host: LabHost): Promise<HostRecord> {
  const record = await recordOf(host);
  record.entries["authorized keys"] = await host.readFile("/home/deploy/.ssh/authorized_keys");
  record.entries["guests"] = await host.succeed("virsh -q list --all");
  return record;
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
