/**
 * Shell function `hardware`: what is different on a machine that got a copy of our disk. The firmware's UUID, which root
 * may read, changes when a virtual machine is cloned; where there is none, the machine-id (machine-id(5)).
 */
export const hardwareFunction = `
hardware() {
  if [ -r /sys/class/dmi/id/product_uuid ]; then echo "product $(cat /sys/class/dmi/id/product_uuid)"; else echo "machine $(cat /etc/machine-id 2>/dev/null)"; fi
}
`;

/** True if records that were made on one machine are now on another one. What cannot be compared is taken for the same. */
export function isOtherHardware(madeOn: string, present: string): boolean {
  const source = (hardware: string) => hardware.split(" ", 1)[0];
  return madeOn !== present && source(madeOn) === source(present) && madeOn.includes(" ");
}
