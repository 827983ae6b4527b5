import { strict as assert } from "node:assert";
import { compareRecords, type HostRecord } from "../../support/lab/hostRecord";
import type { LabHost } from "../../support/lab/labHost";
import { borrowPages, emptyPool, pagesInPool, returnPages } from "../../support/lab/pages";
import { beginTrial } from "../../support/trials";
import { cleanNovaHost } from "./cleanHost";
import { keptByNova } from "./keptByNova";
import { LabStack } from "./labStack";
import { expectNovaUp, novaConf, recordOf, traces } from "./novaState";
import { programOf } from "./programs";

const guestMb = 16;

/** A real Nova host, and for each test a stack with a PageSizePolicy of it; the test is over once all of it is gone again. */
export class PagedHost {
  host!: LabHost;
  stack!: LabStack;
  /** nova.conf as the package has it. */
  pristine!: string;
  /** What a test has to take back itself, the last first, before its stack is destroyed. */
  undo: (() => Promise<unknown>)[] = [];

  declare(pages: Record<string, unknown>): void {
    this.stack.project.setProgram(programOf({ pages }));
  }

  /** Values of reserved_huge_pages, by sed. */
  async reservations(): Promise<string[]> {
    const lines = await this.host.succeed(`sed -n 's/^reserved_huge_pages = //p' ${novaConf}`);
    return lines.split("\n").filter(Boolean);
  }

  /** What becomes of a guest with these extra specs: the KiB of its pages, or that no host took it. */
  async guest(extraSpecs: Record<string, string>): Promise<string> {
    const server = await this.host.cloud.bootServer({ name: "paged", ramMb: guestMb, extraSpecs });
    const xml = server.status === "ACTIVE" ? await this.host.succeed(`virsh dumpxml ${server.instanceName}`) : "";
    await this.host.cloud.deleteServer(server.id);
    if (server.status !== "ACTIVE") return server.status;
    return /<page size='(\d+)' unit='KiB'/.exec(xml)?.[1] ?? "ordinary";
  }

  /** Starts a guest for each line, and wants each to get the pages that a policy promises it, or none. */
  async promises(policy: string, guests: [extraSpecs: Record<string, string>, becomes: string][]): Promise<void> {
    for (const [extraSpecs, becomes] of guests) {
      const words = Object.entries(extraSpecs).map((each) => each.join("="));
      const prove = beginTrial("guests by page size", `${policy}: ${words.join(", ") || "no page size"}`, [
        "as promised",
      ]);
      let became = await this.guest(extraSpecs);
      // The pages of the guest before are free for the scheduler only some time after the API has forgotten that guest.
      if (became === "ERROR" && became !== becomes) became = await this.guest(extraSpecs);
      assert.equal(became, becomes, `${policy}: ${words}`);
      prove("as promised");
    }
  }

  /** After a test wrote to nova.conf itself. */
  async restoreConfiguration(): Promise<void> {
    await this.host.writeFile(novaConf, this.pristine);
    await this.host.succeed("systemctl restart nova-compute");
    await expectNovaUp(this.host);
  }
}

/** Registers what gives each test of this suite such a host, and looks at it from outside afterwards. */
export function pagedHost(): PagedHost {
  const on = new PagedHost();
  let record: HostRecord;

  before(async function () {
    this.timeout(20 * 60_000);
    await borrowPages();
    assert.equal(pagesInPool(), 0, "nobody else uses huge pages of this machine");
    on.host = await cleanNovaHost();
    on.pristine = await on.host.readFile(novaConf);
  });
  after(returnPages);
  beforeEach(async () => {
    on.undo = [];
    record = await recordOf(on.host);
    on.stack = await LabStack.create(on.host, { program: programOf({ pages: {} }) });
  });
  afterEach(async () => {
    try {
      for (const each of on.undo.reverse()) await each();
      await on.stack.destroy();
      on.stack.remove();
      assert.equal(pagesInPool(), 0);
      assert.deepEqual(compareRecords(record, await recordOf(on.host), keptByNova), []);
      assert.deepEqual(await traces(on.host), []);
    } finally {
      emptyPool();
    }
  });
  return on;
}
