import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, PageSizePolicy } from "pulumi-hostmem";

const config = new pulumi.Config();
const connections = config.requireObject<Record<string, ConnectionArgs>>("hosts");

// On such hosts guests need huge pages, as with vhost-user. Nova alone cannot keep others away: see the output gaps.
const policies = Object.entries(connections).map(
  ([name, connection]) =>
    new PageSizePolicy(name, {
      connection,
      allowed: "large",
      pools: [{ size: "1 GiB", count: config.requireNumber("pagesPerNode") }],
      trait: "CUSTOM_LARGE_PAGES",
    }),
);

const rules = pulumi.all(policies.map((policy) => policy.schedulerRules)).apply((all) => all[0]!);

// Names of the hosts as Nova knows them.
new openstack.compute.AggregateV2("large-pages", {
  name: "large-pages",
  hosts: Object.keys(connections),
  metadata: rules.apply(({ aggregateMetadata }) => aggregateMetadata),
});

new openstack.compute.Flavor("m1.large-pages", {
  name: "m1.large-pages",
  ram: 8192,
  vcpus: 4,
  disk: 40,
  extraSpecs: rules.apply(({ flavorExtraSpecs }) => flavorExtraSpecs),
});

// What the schedulers' nova.conf must say; it is not on these hosts.
export const schedulerOptions = rules.apply((each) => each.schedulerOptions);
export const enabledFilters = rules.apply((each) => each.enabledFilters);
export const remarks = rules.apply((each) => each.remarks);
