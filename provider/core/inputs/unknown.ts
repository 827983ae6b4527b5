/** What the engine puts in place of any value that it does not know yet (rpc.unknownValue of @pulumi/pulumi). */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** True if any part of a value is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasUnknown);
}
