import type { Program } from "../../engine/support/project";

/** Which resources a program declares for its one host, "compute-1", and with what. */
export interface Declared {
  /** Arguments of the BackingStore; none declares no such resource. */
  store?: Record<string, unknown>;
  /** Arguments of a ComputeHost, instead of the rest. */
  host?: Record<string, unknown>;
  /** Arguments of the FileBackedMemoryConfig; none declares no such resource. */
  memory?: Record<string, unknown>;
  /** Arguments of the PageSizePolicy; none declares no such resource. */
  pages?: Record<string, unknown>;
  /** Arguments of the ServiceActivation, which depends on the rest. */
  activation?: Record<string, unknown>;
}

/** A program as a user writes one, of the resources that a test is about. */
export function programOf(declared: Declared): Program {
  const lines = [
    'const pulumi = require("@pulumi/pulumi");',
    'const { BackingStore, ComputeHost, FileBackedMemoryConfig, PageSizePolicy, ServiceActivation } = require("pulumi-hostmem");',
    'const connection = new pulumi.Config().requireObject("connection");',
    "const dependsOn = [];",
  ];
  if (declared.store) {
    const args = JSON.stringify(declared.store);
    lines.push(`dependsOn.push(new BackingStore("compute-1", { connection, ...${args} }));`);
  }
  if (declared.host) lines.push(`new ComputeHost("compute-1", { connection, ...${JSON.stringify(declared.host)} });`);
  if (declared.memory) {
    const args = JSON.stringify(declared.memory);
    lines.push(
      `dependsOn.push(new FileBackedMemoryConfig("compute-1", { connection, ...${args} }, { dependsOn: [...dependsOn] }));`,
    );
  }
  if (declared.pages) {
    const args = JSON.stringify(declared.pages);
    lines.push(
      `dependsOn.push(new PageSizePolicy("compute-1", { connection, ...${args} }, { dependsOn: [...dependsOn] }));`,
    );
  }
  if (declared.activation) {
    const args = JSON.stringify(declared.activation);
    lines.push(`new ServiceActivation("compute-1", { connection, ...${args} }, { dependsOn });`);
  }
  return { javascript: `${lines.join("\n")}\n` };
}
