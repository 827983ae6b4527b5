/** File systems of the host itself, as an extended regular expression: any other may be a network's, and hang. */
export const localTypes = "ext[234]|xfs|btrfs|tmpfs|overlay|zfs|f2fs|bcachefs|ramfs";
