import type { Sections } from "./sections";

/** Programs that a plan may need and a host may lack. */
const wanted = ["mkfs.ext4", "mkfs.xfs", "resize2fs", "xfs_growfs", "update-grub"] as const;
export type Tool = (typeof wanted)[number];

export const collectTools = `
section tools
for tool in ${wanted.join(" ")}; do command -v "$tool" >/dev/null 2>&1 && echo "$tool"; done
`;

/** Those that the host has. */
export function parseTools(sections: Sections): Set<string> {
  return new Set(sections.lines("tools"));
}
