import type * as pulumi from "@pulumi/pulumi";

/**
 * How to reach a host. Takes the `ConnectionArgs` of `@pulumi/command` as they are: the same object serves both. Everything
 * else comes from the user's own OpenSSH configuration (`~/.ssh/config`): aliases, ProxyJump, certificates, FIDO keys.
 *
 * The whole object is a secret in Pulumi's state.
 *
 * @example
 * { host: "compute-1.example.net", user: "deploy" }
 */
export interface ConnectionArgs {
  /** Name or address of the host, or an alias of the OpenSSH configuration. */
  host: pulumi.Input<string>;
  /** TCP port. Default 22. */
  port?: pulumi.Input<number>;
  /** Login name. Default "root", as in `@pulumi/command`. Anybody else becomes root by `become`. */
  user?: pulumi.Input<string>;
  /** Password for the login; also answers keyboard-interactive questions. Tried after keys. */
  password?: pulumi.Input<string>;
  /** Private key as text (PEM or OpenSSH format). Never written to a disk unencrypted for longer than the login takes. */
  privateKey?: pulumi.Input<string>;
  /** Passphrase of `privateKey`. */
  privateKeyPassword?: pulumi.Input<string>;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. */
  agentSocketPath?: pulumi.Input<string>;
  /**
   * The host's public key, as one line of `ssh-keyscan HOST` without the name: `"ssh-ed25519 AAAA…"`. Pins the host; no
   * known_hosts file is then read. Default: known_hosts decides. Unlike `@pulumi/command`, a host key is always checked.
   */
  hostKey?: pulumi.Input<string>;
  /**
   * How often to dial again after a failure; -1 is for half an hour. Default 3 (`@pulumi/command`: 10); a host that the same
   * program made is waited for while it boots, 15 minutes at most.
   */
  dialErrorLimit?: pulumi.Input<number>;
  /** Seconds for one dial, 0 for no bound. Default 15. */
  perDialTimeout?: pulumi.Input<number>;
  /** A host to go through. Has a connection of its own, with its own host key. */
  proxy?: pulumi.Input<ConnectionArgs>;
  /**
   * `"local"` for the machine that Pulumi runs on, with `host: "localhost"` or that machine's own name, and no property that
   * only ssh reads. Default `"ssh"`.
   */
  transport?: pulumi.Input<"ssh" | "local">;
  /** Path of a private key file on this machine. Default: what OpenSSH uses by itself. */
  privateKeyFile?: pulumi.Input<string>;
  /** `"strict"` (default), `"accept-new"` to trust an unknown host at first sight, `"off"` to trust anybody. */
  hostKeyChecking?: pulumi.Input<"strict" | "accept-new" | "off">;
}

/** How to become root: a word, or sudo with a password (sent only after sudo's own prompt). */
export type Become = "sudo" | "none" | BecomeArgs;

/** Becoming root by sudo with a password, or not at all. */
export interface BecomeArgs {
  /** Default "sudo". */
  method?: pulumi.Input<"sudo" | "none">;
  /** Password for sudo. A secret in state. */
  password?: pulumi.Input<string>;
}

/** An amount of memory: text with a binary unit ("1 TiB", "512 MiB"), or a number of MiB. Reads back as it was written. */
export type Size = string | number;

/**
 * A danger that a change is refused for, unless it is named here.
 *
 * - `guests-in-ram`: switching on while guests run in the host's RAM, which Nova then no longer counts.
 * - `guests-in-files`: switching off, or moving the directory, while guests have their memory in files.
 * - `guests-with-jobs`: restarting services while libvirt migrates, saves or copies a guest: it may be given up, or end the guest.
 * - `capacity-below-used`: less capacity than running guests have.
 * - `files-of-other-tools`: editing a file that Juju, Kolla, EDPM, TripleO, Puppet, OpenStack-Ansible or the like writes, and
 *   will write again without our lines.
 * - `guests-without-pages`: fewer huge pages than guests of the host need at their next start.
 * - `renumbered-namespaces`: persistent memory whose device is called otherwise than the guest that has it knows.
 */
export type Hazard =
  | "guests-in-ram"
  | "guests-in-files"
  | "guests-with-jobs"
  | "capacity-below-used"
  | "files-of-other-tools"
  | "guests-without-pages"
  | "renumbered-namespaces";

/**
 * How a host runs nova-compute and libvirt, where that is not as in the packages of Debian, Ubuntu and RDO. All paths are
 * those of the host, also where a service has a root of its own (`RootDirectory=`, systemd.exec(5)); such a host must name
 * `novaConfig` and `novaLog`. Whatever is left out is found as usual.
 *
 * @example
 * { novaUnit: "nova-compute@main.service", novaConfig: ["/srv/nova/etc/nova/nova.conf"], novaLog: "/srv/nova/var/log/nova-compute.log" }
 */
export interface InstallationArgs {
  /** systemd unit of nova-compute. Default: `nova-compute.service`, or `openstack-nova-compute.service`. */
  novaUnit?: pulumi.Input<string>;
  /**
   * Files and directories of nova-compute's configuration, in the order of its `--config-file` and `--config-dir`: the last
   * that sets an option decides. Default: what the process was started with, and where oslo.config looks by itself.
   */
  novaConfig?: pulumi.Input<pulumi.Input<string>[]>;
  /** nova-compute's log file, or `"journal"`. Default: by its arguments and its configuration. */
  novaLog?: pulumi.Input<string>;
  /** systemd unit of the libvirt daemon that runs QEMU. Default: `virtqemud.service` or `libvirtd.service`, as in use. */
  libvirtUnit?: pulumi.Input<string>;
  /** libvirt's qemu.conf. Default: `/etc/libvirt/qemu.conf`. */
  qemuConf?: pulumi.Input<string>;
}

/** What every resource of this package takes. */
export interface HostArgs {
  /**
   * How to reach the host. A changed credential or address is recorded, and runs nothing on the host, as long as the same
   * installation answers; another one behind it means that the object is replaced: taken back there, made here.
   */
  connection: pulumi.Input<ConnectionArgs>;
  /** How to become root. Default: sudo for any user but root. */
  become?: pulumi.Input<Become>;
  /**
   * What to do with a host that cannot be reached: `"fail"` (default), or `"skip"` it with a message and leave its state as
   * it was. It is never taken for deleted: creating and deleting fail in any case.
   */
  unreachable?: pulumi.Input<"fail" | "skip">;
  /** Seconds to wait while another apply holds the host's lock, before failing with the holder's name: 0 to 86400. Default 300. */
  lockTimeoutSeconds?: pulumi.Input<number>;
  /** How the host runs nova-compute and libvirt; the same for all its resources. Default: as packages do. */
  installation?: pulumi.Input<InstallationArgs>;
  /** Hazards accepted by name. Default: none. */
  allowHazards?: pulumi.Input<pulumi.Input<Hazard>[]>;
  /**
   * `project/stack/resource` of another owner to take this object over from, after its state was lost, or once its own stack
   * has forgotten it (`pulumi state delete`): what it set becomes this resource's, to keep and to take back. A store that the
   * other's destroy kept is used as it is. Default: another owner's object is refused.
   */
  takeOverFrom?: pulumi.Input<string>;
}
