import { differingNames, type Installation } from "./facts/installation";

/** A resource of this run's program that declares an object of a host. */
export interface Claim {
  /** `project/stack/name`. */
  owner: string;
  /** Tells resources of one name apart, which Pulumi allows below different kinds of parents. */
  resource: number | undefined;
}

/**
 * What the program of this run declares, by host and kind. A host is a connection until it has answered, and then the
 * system that answered: two addresses or logins may lead to one.
 */
export class Claims {
  private readonly claims = new Map<unknown, Map<string, Claim>>();
  private readonly installations = new Map<unknown, Map<string, Installation>>();
  /** By machine-id: the connections that led there, and the systems that answered, which change with a boot. */
  private readonly machines = new Map<string, { first: string; known: Set<unknown> }>();

  /** @returns who declares that object already, if it is somebody else. */
  rival(host: unknown, kind: string, claim: Claim): Claim | undefined {
    const ofHost = this.claims.get(host) ?? new Map<string, Claim>();
    this.claims.set(host, ofHost);
    const first = ofHost.get(kind) ?? claim;
    ofHost.set(kind, first);
    return first.owner === claim.owner && first.resource === claim.resource ? undefined : first;
  }

  /**
   * A host may be reached by several connections, and may boot while a program runs.
   *
   * @returns the other host of this program that has the same machine-id, if there is one.
   */
  twin(connection: { host: string }, { machineId, running }: { machineId: string; running: string }) {
    const machine = this.machines.get(machineId) ?? { first: connection.host, known: new Set([connection]) };
    this.machines.set(machineId, machine);
    if (machineId === "") return undefined;
    if (!machine.known.has(connection) && !machine.known.has(running)) return machine.first;
    machine.known.add(connection).add(running);
    return undefined;
  }

  /**
   * One host is run in one way, whatever resource says so.
   *
   * @param who kind and owner.
   * @returns who says otherwise, and in which properties.
   */
  otherInstallation(host: unknown, who: string, installation: Installation) {
    const ofHost = this.installations.get(host) ?? new Map<string, Installation>();
    this.installations.set(host, ofHost.set(who, installation));
    for (const [other, said] of ofHost) {
      const names = differingNames(said, installation);
      if (names.length > 0) return { other, names };
    }
    return undefined;
  }

  isDeclared(host: unknown, kind: string, owner: string): boolean {
    return this.claims.get(host)?.get(kind)?.owner === owner;
  }
}

/** Of this process, which serves one run of the program. */
export const claims = new Claims();
