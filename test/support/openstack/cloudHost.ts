import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { check } from "../../../provider/check";
import { claims } from "../../../provider/core/claims";
import { Inputs } from "../../../provider/core/inputs/problem";
import { kinds } from "../../../provider/core/kinds";
import { readOpenStack } from "../../../provider/core/openstack/input";
import { cloudSessionFor } from "../../../provider/core/openstack/sessions";
import { remove } from "../../../provider/lifecycle";
import { LightHost } from "../sandbox/lightHost";
import { RealCloud } from "./realCloud";

type Properties = Record<string, unknown>;

export const kind = kinds.get("FileBackedMemoryConfig")!;
export const nova = "[DEFAULT]\nhost = compute-1\nstate_path = /var/lib/nova\n\n[libvirt]\nvirt_type = kvm\n";
export const stein = "COMPUTE_NET_ATTACH_INTERFACE";

/** A host of its own, in a real cloud that knows it; what nova-compute would report, the test reports. */
export class CloudHost {
  /** What pipelines of this process have said since the host was started. */
  readonly said: string[] = [];
  private runs = 0;
  private light: LightHost | undefined;

  private constructor(
    readonly cloud: RealCloud,
    /** The id of the host's provider in placement. */
    readonly provider: string,
  ) {}

  static async start(): Promise<CloudHost> {
    const cloud = await RealCloud.start();
    const provider = await cloud.addCompute("compute-1", 4096, [stein]);
    await cloud.addCompute("compute-2", 4096, [stein]);
    return new CloudHost(cloud, provider);
  }

  /** The host as on its first day, before every test. */
  async renew(): Promise<void> {
    this.light = await LightHost.start({ "/etc/nova/nova.conf": nova });
    this.light.beThisMachine();
    await this.report(4096, 1.5);
    this.said.length = 0;
    mock.method(console, "log", (line: string) => {
      this.said.push(line);
    });
  }

  async leave(): Promise<void> {
    mock.restoreAll();
    await this.light?.stop();
    this.light = undefined;
  }

  run(script: string): string {
    assert.ok(this.light);
    return this.light.run(script);
  }

  get openstack(): Properties {
    const { keystone, password } = this.cloud.places;
    const names = { userName: "admin", projectName: "admin", defaultDomain: "default", region: "RegionOne" };
    return { authUrl: `${keystone}/v3`, password, ...names };
  }

  /** A clouds.yaml that knows the cloud as "production". */
  cloudsFile(): string {
    const { authUrl, password, userName, projectName } = this.openstack;
    const domains = { user_domain_id: "default", project_domain_id: "default" };
    const auth = { auth_url: authUrl, username: userName, password, project_name: projectName, ...domains };
    const file = join(this.cloud.folder, "clouds.yaml");
    writeFileSync(file, JSON.stringify({ clouds: { production: { auth, region_name: "RegionOne" } } }));
    return file;
  }

  /** Of a pipeline of its own: whoever comes next has another session with the host, and reads the cloud anew. */
  declared(more: Properties = {}): Properties {
    this.runs += 1;
    const named = readOpenStack(new Inputs({ openstack: this.openstack }, "", []));
    assert.ok(named);
    cloudSessionFor(named).forget();
    const become = { method: "none", password: `run ${this.runs}` };
    const connection = { host: "localhost", transport: "local", user: "root" };
    return { owner: "p/s/memory", capacity: "1 GiB", connection, become, openstack: this.openstack, ...more };
  }

  async preview(more: Properties = {}, olds: Properties = {}) {
    return check(kind, olds, { ...this.declared(more), __run: { preview: true } });
  }

  /** A run of a program that declares it no more. */
  async destroyed(id: string, outs: Properties): Promise<void> {
    const declares = mock.method(claims, "isDeclared", () => false);
    try {
      await remove(kind, id, { ...outs, ...this.declared() });
    } finally {
      declares.mock.restore();
    }
  }

  /** Why a preview refuses. */
  async reasons(more: Properties = {}): Promise<string[]> {
    return (await this.preview(more)).failures.map(({ property, reason }) => `${property}: ${reason}`);
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (const limit = Date.now() + 240_000; !(await isSo()); await sleep(500))
      assert.ok(Date.now() < limit, `not within four minutes; said was:\n${this.said.join("\n")}`);
  }

  restarts(): number {
    return this.run("cat /run/restarted 2>/dev/null || :").trim().split("\n").filter(Boolean).length;
  }

  /** What the host knows that it owes the cloud. */
  owed(): string {
    return this.run("cat /var/lib/hostmem/cloud.json 2>/dev/null || :");
  }

  /** What Nova says of it. */
  service(): ReturnType<RealCloud["service"]> {
    return this.cloud.service("compute-1");
  }

  async memory(): Promise<{ total: number; allocation_ratio: number }> {
    const path = `/resource_providers/${this.provider}/inventories`;
    return (await this.cloud.raw("placement", "GET", path)).inventories.MEMORY_MB;
  }

  /** nova-compute's report. */
  async report(total: number, ratio = 1): Promise<void> {
    await this.cloud.report(this.provider, { total, max_unit: total, allocation_ratio: ratio });
  }

  /** The same, a while after a restart, for something that waits for it. */
  async reported<Result>(work: Promise<Result>, total = 1024, count = this.restarts() + 1): Promise<Result> {
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
    };
    work.then(end, end);
    await this.until(() => hasEnded || this.restarts() >= count);
    if (!hasEnded) await this.report(total);
    return work;
  }
}
