import * as pulumi from "@pulumi/pulumi";
import { Inputs, type Problem } from "../../provider/core/inputs/problem";
import { type MigrationClass as Class, membersOf } from "../../provider/core/migration/classes";
import { htmlOf } from "../../provider/core/migration/html";
import { markdownOf } from "../../provider/core/migration/markdown";
import { incompatibilities, passages } from "../../provider/core/migration/matrix";
import { preflightOf } from "../../provider/core/migration/preflight";
import { providerText, resourceType } from "../../provider/dynamic";
import { readHostAccess, readRunning } from "../../provider/readAhead/running";
import { ComputeHost } from "./computeHost";
import { LiveMigrationConfig, type MigrationProfile } from "./liveMigrationConfig";
import { isTargeted } from "./readAhead";
import type { HostArgs } from "./types";

/** A host of a group: what was declared for it, or its profile from wherever. */
export type GroupMember = ComputeHost | LiveMigrationConfig | pulumi.Input<MigrationProfile>;

/**
 * Guests by what decides where they can go: `"plain"` ones; those with `"page-size"` (hw:mem_page_size), persistent memory
 * (`"pmem"`, hw:pmem) or `"locked"` memory (hw:locked_memory); and those with `"shares"` attached.
 */
export type MigratingGuests = "plain" | "page-size" | "pmem" | "locked" | "shares";

/** What a `LiveMigrationGroup` takes. */
export interface LiveMigrationGroupArgs {
  /**
   * Hosts among which guests are to move: each `ComputeHost` with `liveMigration` declared, each `LiveMigrationConfig`, or the
   * `profile` of one, as another stack exports it.
   *
   * @example [host1, host2, ...]
   */
  members: GroupMember[] | pulumi.Input<pulumi.Input<MigrationProfile>[]>;
  /**
   * What to do where the hosts' differences keep guests from moving: `"warn"` (default) in each preview, since hosts differ
   * for a while in every rollout; or `"fail"`, so that no host is changed.
   *
   * @example "fail"
   */
  onIncompatible?: pulumi.Input<"warn" | "fail">;
  /**
   * Kinds of guests that must be able to move; the matrix shows all of them in any case. Default: all kinds.
   *
   * @example ["plain"]
   */
  guests?: pulumi.Input<pulumi.Input<MigratingGuests>[]>;
}

/** Hosts that are all the same to a guest that comes or goes. */
export interface MigrationClass {
  /** A, B, … */
  name: string;
  count: number;
  /** Names of the hosts; those that differ by a number alone as one range, `compute-[1-250]`. */
  hosts: string[];
  /** What they have in common. */
  traits: Omit<MigrationProfile, "host">;
}

/** What comes of live migrations of one kind of guest, from one class of hosts to another. */
export interface MigrationVerdict {
  /** A number as request is a page size in KiB. */
  guests:
    | { kind: "plain" }
    | { kind: "page-size"; request: "small" | "large" | "any" | number }
    | { kind: "pmem"; label: string }
    | { kind: "locked" }
    | { kind: "shares" };
  /** Names of classes. The same one twice is from one host of it to another. */
  from: string;
  to: string;
  /**
   * `"works"`; `"refused"` by Nova before anything happens; `"breaks"` where Nova does not refuse and the migration fails
   * half-way, or leaves a guest that is not what it seems; `"impossible"` where no such guest can be on the host it would leave.
   */
  outcome: "works" | "refused" | "breaks" | "impossible";
  /** Why; empty where nothing is to be said. */
  reason: string;
}

/** What comes of one guest that runs now, told once for all hosts where it is the same. */
export interface GuestPassage {
  /** Names of hosts; those that differ by a number alone as one range, `compute-[1-250]`. */
  hosts: string[];
  /** As of a `MigrationVerdict`; `"unknown"` where it hangs on what the guest's definition does not tell. */
  outcome: "works" | "refused" | "breaks" | "unknown";
  /** Why; empty where nothing is to be said. */
  reason: string;
}

/** Where one guest can go that runs now. */
export interface GuestPreflight {
  /** libvirt's name of it, such as `instance-0000001a`. */
  guest: string;
  /** Undefined for a guest that is not Nova's. */
  nova: { id: string; name: string } | undefined;
  memoryMb: number;
  /** What it is, in words. */
  is: string;
  /** What libvirt is at with it right now, such as `migration out`. */
  job: string | undefined;
  to: GuestPassage[];
}

/** What a group must know of `pulumi.Output` that its type does not tell; every version has it. */
interface WithUnknowns {
  promise(withUnknowns: boolean): Promise<unknown>;
}

/**
 * Says between which hosts guests can live migrate, as far as their memory decides (not processors, disks or networks): from
 * the hosts as they are **and as the same run will make them**. It is on no host, and changes none.
 *
 * Hosts that are alike are one class, so that the state of a group stays small, however many there are.
 *
 * @example
 * ```ts
 * const hosts = names.map((name) => new ComputeHost(name, { connection: { host: name }, fileBackedMemory, liveMigration: {} }));
 * const group = new LiveMigrationGroup("gold", { members: hosts });
 * export const matrix = group.markdown();
 * ```
 * Hosts of several stacks, each of which exports `hosts.map((host) => host.liveMigration?.profile)`:
 * ```ts
 * const members = pulumi.all(stacks.map((stack) => stack.requireOutput("profiles"))).apply((lists) => lists.flat());
 * new LiveMigrationGroup("region", { members, onIncompatible: "fail", guests: ["plain"] });
 * ```
 */
export class LiveMigrationGroup extends pulumi.CustomResource {
  /** @internal */
  public static readonly __pulumiType = "pulumi-nodejs:dynamic/hostmem:LiveMigrationGroup";

  /** The hosts, by what decides. Known in a preview. */
  public readonly classes!: pulumi.Output<MigrationClass[]>;
  /** What the hosts' differences keep from working, in a line each; empty if guests can move. Known in a preview. */
  public readonly incompatible: pulumi.Output<string[]>;
  private readonly title: string;

  constructor(name: string, args: LiveMigrationGroupArgs, options?: pulumi.CustomResourceOptions) {
    super(
      resourceType("LiveMigrationGroup"),
      name,
      {
        classes: undefined,
        members: profilesOf(args.members),
        onIncompatible: args.onIncompatible,
        guests: args.guests,
        __provider: providerText("LiveMigrationGroup"),
        __run: { preview: pulumi.runtime.isDryRun() },
        owner: `${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
      },
      options,
    );
    this.title = `Live migration in ${name}`;
    this.incompatible = pulumi
      .all([this.classes, pulumi.output(args.guests)])
      .apply(([classes, guests]) => incompatibilities(classes as Class[], guests));
  }

  /**
   * Where each guest that runs on a host at this moment can go among the group's hosts, as they will be. Reads the host each
   * time the program runs, also in a preview, and changes nothing there. Guests come and go: what is exported of it differs
   * from run to run. Undefined in runs with `--target` or `--exclude`, which may reach no other host than they name.
   *
   * @example
   * group.preflight({ connection: { host: "compute-1" } })
   */
  preflight(
    host: Pick<HostArgs, "connection" | "become" | "installation">,
  ): pulumi.Output<GuestPreflight[] | undefined> {
    if (isTargeted()) return pulumi.output(undefined);
    return pulumi
      .all([this.classes, host.connection, host.become, host.installation])
      .apply(([classes, connection, become, installation]) =>
        preflightAmong(classes, { connection, become, installation }),
      );
  }

  /** Every verdict: for each kind of guest, from each class to each. Known in a preview. */
  verdicts(): pulumi.Output<MigrationVerdict[]> {
    return this.classes.apply((classes) => passages(classes));
  }

  /** The matrix of all verdicts with their reasons, as Markdown. Known in a preview. */
  markdown(): pulumi.Output<string> {
    return this.classes.apply((classes) => markdownOf(this.title, classes));
  }

  /** The same as one HTML page that needs nothing else, neither scripts nor network. Known in a preview. */
  html(): pulumi.Output<string> {
    return this.classes.apply((classes) => htmlOf(this.title, classes));
  }
}

/** @throws pulumi.RunError, of which Pulumi prints the message alone. */
async function preflightAmong(
  classes: readonly MigrationClass[],
  properties: Record<string, unknown>,
): Promise<GuestPreflight[]> {
  const problems: Problem[] = [];
  const access = readHostAccess(new Inputs(properties, "", problems));
  if (!access || problems.length > 0)
    throw new pulumi.RunError(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  const running = await readRunning(access).catch((error: Error) => {
    throw new pulumi.RunError(error.message);
  });
  return preflightOf(running, membersOf(classes as Class[])).guests;
}

/**
 * The members' profiles as a promise: the group waits for all of them, and the state does not keep a dependency on each of a
 * thousand hosts. What is not known yet stays so.
 */
function profilesOf(members: LiveMigrationGroupArgs["members"]): Promise<unknown> {
  const profiles = Array.isArray(members)
    ? members.map((member) => {
        if (ComputeHost.isInstance(member)) return (member as ComputeHost).liveMigration?.profile;
        if (member instanceof LiveMigrationConfig) return member.profile;
        return member as pulumi.Input<MigrationProfile>;
      })
    : members;
  return (pulumi.output(profiles) as unknown as WithUnknowns).promise(true);
}
