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
  private readonly machines = new Map<string, { host: string; running: string }>();

  /** @returns who declares that object already, if it is somebody else. */
  rival(host: unknown, kind: string, claim: Claim): Claim | undefined {
    const ofHost = this.claims.get(host) ?? new Map<string, Claim>();
    this.claims.set(host, ofHost);
    const first = ofHost.get(kind) ?? claim;
    ofHost.set(kind, first);
    return first.owner === claim.owner && first.resource === claim.resource ? undefined : first;
  }

  /** @returns the other host of this program that has the same machine-id, if there is one. */
  twin(host: string, { machineId, running }: { machineId: string; running: string }): string | undefined {
    const first = this.machines.get(machineId) ?? { host, running };
    this.machines.set(machineId, first);
    return first.running === running || machineId === "" ? undefined : first.host;
  }

  isDeclared(host: unknown, kind: string, owner: string): boolean {
    return this.claims.get(host)?.get(kind)?.owner === owner;
  }
}

/** Of this process, which serves one run of the program. */
export const claims = new Claims();
