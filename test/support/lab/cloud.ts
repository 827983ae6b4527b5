import type { LabHost } from "./labHost";
import { LabError, retryFor, sleep } from "./process";

/** What placement knows of one resource class of a host. */
export interface Inventory {
  total: number;
  reserved: number;
  min_unit: number;
  max_unit: number;
  step_size: number;
  allocation_ratio: number;
}

/** What server to make. Its image is empty and it has no network: a QEMU process with memory, nothing that boots. */
export interface ServerOptions {
  name: string;
  ramMb: number;
  /** The flavor's extra specs, such as `hw:mem_page_size`. */
  extraSpecs?: Record<string, string>;
  /** Seconds until it must be ACTIVE or ERROR. Default 60. */
  seconds?: number;
}

/** A server as Nova shows it. */
export interface Server {
  id: string;
  status: string;
  /** The name of libvirt's domain. */
  instanceName: string;
  /** Nova's reason, where there is one. */
  fault?: string;
}

interface ServerBody {
  id: string;
  status: string;
  "OS-EXT-SRV-ATTR:instance_name": string;
  fault?: { message: string; details?: string };
}

/** Seconds after which a server that is still there is asked to go once more. */
const askAgainSeconds = 10;

// Who asks: keystone's middleware would have put this into the request.
const identity = {
  "X-Auth-Token": "admin",
  "X-User-Id": "admin",
  "X-Project-Id": "admin",
  "X-Roles": "admin,member,reader",
  "Content-Type": "application/json",
  // Nova's newest here; placement's is 1.39.
  "OpenStack-API-Version": "compute 2.93, placement 1.39",
};

/** What an administrator asks the cloud of a nova host, through its real APIs. */
export class Cloud {
  constructor(private readonly host: LabHost) {}

  /** Base address of the placement API, for clients on this machine; the token is `admin`. */
  get placementEndpoint(): string {
    return `http://${this.host.address}:8778`;
  }

  private get compute(): string {
    return `http://${this.host.address}:8774/v2.1`;
  }

  /** The inventories of the host's resource provider, by resource class. */
  async placementInventory(): Promise<Record<string, Inventory>> {
    const provider = await this.resourceProvider();
    const path = `${this.placementEndpoint}/resource_providers/${provider}/inventories`;
    return (await request<{ inventories: Record<string, Inventory> }>("GET", path)).inventories;
  }

  /** The traits of the host's resource provider. */
  async placementTraits(): Promise<string[]> {
    const provider = await this.resourceProvider();
    return (
      await request<{ traits: string[] }>("GET", `${this.placementEndpoint}/resource_providers/${provider}/traits`)
    ).traits;
  }

  /** The id of the host's resource provider. */
  async resourceProvider(): Promise<string> {
    const { resource_providers: providers } = await request<{ resource_providers: { uuid: string }[] }>(
      "GET",
      `${this.placementEndpoint}/resource_providers?name=compute`,
    );
    if (!providers[0]) {
      throw new LabError(`placement does not know ${this.host.name}`);
    }
    return providers[0].uuid;
  }

  /**
   * Makes a server and waits until Nova says ACTIVE or ERROR; ERROR is a result, with its reason. One that Nova forgot
   * over a lock of its sqlite database, and that stays in BUILD for ever, is made once more.
   */
  async bootServer(options: ServerOptions): Promise<Server> {
    const image = await this.emptyImage();
    const flavor = await this.flavor(options.ramMb, options.extraSpecs ?? {});
    for (let attempt = 1; ; attempt++) {
      const { server } = await request<{ server: { id: string } }>("POST", `${this.compute}/servers`, {
        server: { name: options.name, imageRef: image, flavorRef: flavor, networks: "none" },
      });
      const end = Date.now() + (options.seconds ?? 60) * 1000;
      let now = await this.server(server.id);
      while (now?.status !== "ACTIVE" && now?.status !== "ERROR" && Date.now() < end) {
        await sleep(200);
        now = await this.server(server.id);
      }
      if (now?.status === "ACTIVE" || now?.status === "ERROR") {
        return now;
      }
      if (attempt === 2) {
        throw new LabError(`server ${options.name} is still ${now?.status ?? "unknown"}`);
      }
      await this.deleteServer(server.id);
    }
  }

  /** Deletes a server and waits until it is gone; asks for it only while nova-compute is up. */
  async deleteServer(id: string, seconds = 60): Promise<void> {
    let asked = Number.NEGATIVE_INFINITY;
    await retryFor(seconds, `server ${id} is deleted`, async () => {
      // Nova forgets a request that meets a lock of its sqlite database; asked again, it does it.
      if (Date.now() - asked > askAgainSeconds * 1000 && (await this.server(id))) {
        // Of a server whose nova-compute is down the API deletes its own record alone, and the guest runs on.
        if ((await this.computeServiceState()).state !== "up") {
          throw new LabError("nova-compute is down");
        }
        asked = Date.now();
        await request("DELETE", `${this.compute}/servers/${id}`);
      }
      if (await this.server(id)) {
        throw new LabError("still there");
      }
    });
  }

  /** A server's status, or undefined if there is none with that id. */
  async serverStatus(id: string): Promise<string | undefined> {
    return (await this.server(id))?.status;
  }

  /** A server, or undefined if there is none with that id. */
  async server(id: string): Promise<Server | undefined> {
    const answer = await fetch(`${this.compute}/servers/${id}`, {
      headers: identity,
      signal: AbortSignal.timeout(60_000),
    });
    if (answer.status === 404) {
      return undefined;
    }
    const { server } = await read<{ server: ServerBody }>("GET", answer);
    return {
      id: server.id,
      status: server.status,
      instanceName: server["OS-EXT-SRV-ATTR:instance_name"],
      ...(server.fault ? { fault: reasonOf(server.fault) } : {}),
    };
  }

  /** What Nova thinks of the host's nova-compute: `up` or `down`, and whether it is `enabled`. */
  async computeServiceState(): Promise<{ state: string; status: string }> {
    const path = `${this.compute}/os-services?binary=nova-compute`;
    const { services } = await request<{ services: { state: string; status: string }[] }>("GET", path);
    if (!services[0]) {
      throw new LabError(`Nova does not know a nova-compute on ${this.host.name}`);
    }
    return { state: services[0].state, status: services[0].status };
  }

  /** Puts the host into a host aggregate with this metadata; what is given back takes it out and removes the aggregate. */
  async inAggregate(name: string, metadata: Record<string, string>): Promise<() => Promise<void>> {
    const all = `${this.compute}/os-aggregates`;
    const { aggregate } = await request<{ aggregate: { id: number } }>("POST", all, { aggregate: { name } });
    const act = (body: object) => request("POST", `${all}/${aggregate.id}/action`, body);
    await act({ set_metadata: { metadata } });
    await act({ add_host: { host: "compute" } });
    return async () => {
      await act({ remove_host: { host: "compute" } });
      await request("DELETE", `${all}/${aggregate.id}`);
    };
  }

  /** The files that hold guests' memory, wherever they are: QEMU names them after the memory backend's id. */
  async memoryFiles(): Promise<string[]> {
    const found = await this.host.succeed(
      "find / \\( -path /proc -o -path /sys -o -path /usr \\) -prune -o " +
        "-type f \\( -name pc.ram -o -name 'ram-node[0-9]*' \\) -print",
    );
    return found.split("\n").filter(Boolean).sort();
  }

  private async emptyImage(): Promise<string> {
    const path = `http://${this.host.address}:9292/v2/images?name=empty`;
    const { images } = await request<{ images: { id: string }[] }>("GET", path);
    if (!images[0]) {
      throw new LabError(`${this.host.name} has lost the image its servers are made from`);
    }
    return images[0].id;
  }

  private async flavor(ramMb: number, extraSpecs: Record<string, string>): Promise<string> {
    const specs = Object.entries(extraSpecs).sort();
    const name = [`m${ramMb}`, ...specs.flat()].join("-").replace(/[^A-Za-z0-9.-]/g, "_");
    const { flavors } = await request<{ flavors: { id: string; name: string }[] }>("GET", `${this.compute}/flavors`);
    const found = flavors.find((flavor) => flavor.name === name);
    if (found) {
      return found.id;
    }
    const { flavor } = await request<{ flavor: { id: string } }>("POST", `${this.compute}/flavors`, {
      flavor: { name, ram: ramMb, vcpus: 1, disk: 0 },
    });
    if (specs.length > 0) {
      await request("POST", `${this.compute}/flavors/${flavor.id}/os-extra_specs`, { extra_specs: extraSpecs });
    }
    return flavor.id;
  }
}

/** The message, and the last line of the traceback where that says more. */
function reasonOf(fault: { message: string; details?: string }): string {
  const last = fault.details?.trim().split("\n").at(-1) ?? "";
  return last.includes(fault.message) ? fault.message : `${fault.message}\n${last}`.trim();
}

/** How often a request that does not create anything is sent again while the lab's databases are locked. */
const locksEndured = 20;

async function request<T>(method: string, address: string, body?: unknown): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(address, {
      method,
      headers: identity,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // The lab's only departure that shows: sqlite, unlike a cloud's database, gives up on a lock when the machine is busy.
    const isLocked = answer.status === 500 && (await answer.clone().text()).includes("sqlalchemy.exc.OperationalError");
    if (!isLocked || method === "POST" || attempt === locksEndured) return read<T>(method, answer);
    await sleep(1_000);
  }
}

async function read<T>(method: string, answer: Response): Promise<T> {
  const text = await answer.text();
  if (!answer.ok) {
    throw new LabError(`${method} ${answer.url}: HTTP ${answer.status}\n${text}`);
  }
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
