/**
 * What a host keeps after a destroy though we took everything back, as DESIGN.md lists it; differences that match one of
 * these do not count. Each is written by Nova or libvirt, and cannot be taken back on the host.
 */
export const keptByNova: RegExp[] = [
  // nova-compute never sets a ratio in placement back to "not set" (ProviderTree.update_inventory keeps what is there).
  /^placement MEMORY_MB: was total RAM, reserved 512, ratio 1\.5, is total RAM, reserved 512, ratio 1$/,
];
