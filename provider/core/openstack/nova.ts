import type { Answer } from "./answer";
import { type OpenStackClient, pathTo } from "./client";

/**
 * The newest version of Nova's API that is needed (Pike, 16.0.0): services and hypervisors by UUID, which for a compute node
 * is that of its resource provider in placement.
 */
const microversion = "2.53";

/** Below the server's own limit for one page (`[api] max_limit`, 1000), and few enough to be answered in time. */
const pageSize = 500;

/** More pages than any cloud has: a service that links pages in a circle is left at some time. */
const mostPages = 1_000;

/** A nova-compute, as `openstack compute service list` shows it. */
export interface ComputeService {
  id: string;
  /** Nova's name of the host: `[DEFAULT] host` of its nova.conf. */
  host: string;
  isEnabled: boolean;
  /** Why somebody disabled it. */
  disabledReason: string | undefined;
  /** It has reported within `[DEFAULT] service_down_time`. */
  isUp: boolean;
}

/** A hypervisor of a host, with the UUID of its resource provider. */
export interface Hypervisor {
  id: string;
  /** Nova's name of the host that it runs on. */
  host: string;
}

export interface Aggregate {
  name: string;
  hosts: string[];
  metadata: Record<string, string>;
}

export interface Server {
  id: string;
  name: string;
  /** As `openstack server show` has it: ACTIVE, SHUTOFF, MIGRATING, ... */
  status: string;
  /** What Nova is doing with it; undefined if nothing. */
  task: string | undefined;
  /** What went wrong last, as Nova says it; only of servers in ERROR. */
  fault: string | undefined;
}

/** The newest version of its API that a Nova speaks, as the number after the dot: 2.93 is 93. */
export async function apiMaximum(client: OpenStackClient): Promise<number> {
  return client.ask({ service: "compute", method: "GET", path: "/", isOfVersion: true }, (answer) =>
    minorOf((answer.optional("version") ?? answer).get("version").text()),
  );
}

/** An old API that has no microversions says nothing. */
function minorOf(version: string): number {
  return Number(/^2\.(\d+)$/.exec(version)?.[1] ?? 0);
}

export async function computeServices(client: OpenStackClient): Promise<ComputeService[]> {
  const query = { binary: "nova-compute" };
  return client.ask(get("/os-services", query), (answer) =>
    answer
      .get("services")
      .list()
      .map((each) => ({
        id: each.get("id").text(),
        host: each.get("host").text(),
        isEnabled: each.get("status").text() === "enabled",
        disabledReason: each.optional("disabled_reason")?.text(),
        isUp: each.get("state").text() === "up",
      })),
  );
}

/** @param reason only with `isEnabled: false`: what others are told. */
export async function setService(client: OpenStackClient, id: string, reason: string | undefined): Promise<void> {
  const body = reason === undefined ? { status: "enabled" } : { status: "disabled", disabled_reason: reason };
  const path = `/os-services${pathTo(id)}`;
  await client.ask({ service: "compute", method: "PUT", path, body, microversion }, () => undefined);
}

export async function hypervisors(client: OpenStackClient): Promise<Hypervisor[]> {
  return paged(client, "/os-hypervisors/detail", {}, "hypervisors", (each) => ({
    id: each.get("id").text(),
    host: each.get("service").get("host").text(),
  }));
}

export async function aggregates(client: OpenStackClient): Promise<Aggregate[]> {
  return client.ask(get("/os-aggregates", {}), (answer) =>
    answer
      .get("aggregates")
      .list()
      .map((each) => ({
        name: each.get("name").text(),
        hosts: each
          .get("hosts")
          .list()
          .map((host) => host.text()),
        metadata: Object.fromEntries(
          each
            .get("metadata")
            .entries()
            .map(([name, value]) => [name, value.text()]),
        ),
      })),
  );
}

/** The servers of all projects on one host, stopped ones too. */
export async function serversOn(client: OpenStackClient, host: string): Promise<Server[]> {
  return paged(client, "/servers/detail", { all_tenants: "1", host }, "servers", (each) => ({
    id: each.get("id").text(),
    name: each.get("name").text(),
    status: each.get("status").text(),
    task: each.optional("OS-EXT-STS:task_state")?.text(),
    fault: each.optional("fault")?.optional("message")?.text(),
  }));
}

/** Asks Nova to move a running server to wherever its scheduler likes, and comes back once that has begun. */
export async function liveMigrate(client: OpenStackClient, server: string): Promise<void> {
  const body = { "os-migrateLive": { host: null, block_migration: "auto" } };
  const path = `/servers${pathTo(server)}/action`;
  await client.ask({ service: "compute", method: "POST", path, body, microversion }, () => undefined);
}

/** Reads a list page by page; the marker of a next page is the last one's id. */
async function paged<Item extends { id: string }>(
  client: OpenStackClient,
  path: string,
  query: Record<string, string>,
  name: string,
  read: (each: Answer) => Item,
): Promise<Item[]> {
  const items = new Map<string, Item>();
  let marker: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const here: Record<string, string> = marker === undefined ? {} : { marker };
    const request = get(path, { ...query, limit: String(pageSize), ...here });
    const found = await client.ask(request, (answer) => ({
      items: answer.get(name).list().map(read),
      hasMore: (answer.optional(`${name}_links`)?.list() ?? []).some((link) => link.get("rel").text() === "next"),
    }));
    const before = items.size;
    for (const item of found.items) items.set(item.id, item);
    marker = found.items.at(-1)?.id;
    if (!found.hasMore || items.size === before) break;
  }
  return [...items.values()];
}

function get(path: string, query: Readonly<Record<string, string>>) {
  return { service: "compute", method: "GET", path, query, microversion } as const;
}
