/**
 * The text that state keeps as a resource's provider, one per kind. It is written by hand and not serialised from a
 * function, so that no compiler or SDK version can change it: a changed text would be an update of every resource
 * everywhere, and old texts stay in state for ever. It does nothing but find the runtime. A test pins its hash.
 */
export function providerText(kind: string): string {
  return `exports.handler = () => {
  const call = (method) => async (...args) => require("pulumi-hostmem/runtime").run(${JSON.stringify(kind)}, method, args);
  return { check: call("check"), diff: call("diff"), create: call("create"), read: call("read"), update: call("update"), delete: call("delete") };
};
`;
}

/** The resource type of a kind. A later provider plugin takes the state over by an alias of this name. */
export function resourceType(kind: string): string {
  return `pulumi-nodejs:dynamic/hostmem:${kind}`;
}
