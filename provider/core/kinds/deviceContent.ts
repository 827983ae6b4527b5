import type { BlockDevice } from "../facts/blockDevices";

/** Who uses a device at this moment, in words for a refusal; undefined for nobody. No consent helps against that. */
export function whoUses(device: BlockDevice): string | undefined {
  if (device.mountPoints.length > 0) return `it is mounted at ${device.mountPoints.join(", ")}`;
  if (device.isSwap) return "it is swap";
  if (device.holders.length > 0)
    return `${device.holders.join(", ")} ${device.holders.length > 1 ? "are" : "is"} on it`;
  return device.busy;
}

/** What is on a device, in words for a refusal; undefined if nothing at all is known to be on it. */
export function whatIsOn({ partitions, content }: BlockDevice): string | undefined {
  if (content === undefined && partitions.length === 0) return undefined;
  if (content === undefined) return `it has partitions: ${partitions.join(", ")}`;
  return `it holds ${content}${partitions.length > 0 ? ` with ${partitions.join(", ")}` : ""}`;
}
