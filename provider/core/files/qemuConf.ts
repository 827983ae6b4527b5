/** libvirt's qemu.conf as libvirt reads it: what it says, and how to change one setting without touching the rest. */
export * from "./qemuEdit";
export * from "./qemuParse";
