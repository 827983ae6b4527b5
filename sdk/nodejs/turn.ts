import { AsyncLocalStorage } from "node:async_hooks";
import type * as pulumi from "@pulumi/pulumi";

const current = new AsyncLocalStorage<Turn>();

/**
 * One batch of a rollout. Every resource of this package that is made within it depends on all resources of the batch
 * before, whoever makes it and with whatever options: that dependency is the whole mechanism. The engine does not ask for
 * what depends on something that has not succeeded, deletes in the opposite order, and keeps it in state for a destroy.
 */
export class Turn {
  private readonly resources = new Set<pulumi.Resource>();
  /** Connections of its hosts, see `connectionKey`. */
  readonly hosts = new Set<string>();

  /** @param begins resources of the batch before, once they have succeeded; fails if they have not. */
  constructor(readonly begins: Promise<readonly pulumi.Resource[]>) {
    // Whatever waits for it tells; without a host in this batch, nobody does.
    begins.catch(() => {});
  }

  /** The batch that is being declared. */
  static get current(): Turn | undefined {
    return current.getStore();
  }

  /** What is made meanwhile, also by promises and outputs that begin here, belongs to this batch. */
  declare<T>(make: () => T): T {
    return current.run(this, make);
  }

  add(...resources: pulumi.Resource[]): void {
    for (const resource of resources) this.resources.add(resource);
  }

  /** Options of a resource, with the order added. */
  order<Options extends pulumi.ResourceOptions>(options: Options | undefined): Options {
    // A promise of a list is one of the things that the SDK takes as an entry of a list; its types do not say so.
    const dependsOn = [this.begins, options?.dependsOn ?? []] as unknown as pulumi.Input<pulumi.Resource>[];
    return { ...options, dependsOn } as unknown as Options;
  }

  /**
   * Waits for all of its resources.
   *
   * @returns why each one that failed did; of one that the engine gave up with everything else nothing is ever heard.
   */
  async failures(): Promise<unknown[]> {
    for (let known = -1; known < this.resources.size; ) {
      known = this.resources.size;
      const ends = await Promise.allSettled([...this.resources].map(ended));
      const failures = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
      if (failures.length > 0) return failures;
    }
    return [];
  }

  get all(): readonly pulumi.Resource[] {
    return [...this.resources];
  }
}

/** Options as they are outside of a rollout, else with its order. */
export function ordered<Options extends pulumi.ResourceOptions>(options: Options | undefined): Options | undefined {
  return Turn.current ? Turn.current.order(options) : options;
}

/** A URN is there once the engine has done with the resource. Its promise is not in the SDK's types, as an output has no other way to tell that it failed. */
function ended(resource: pulumi.Resource): Promise<unknown> {
  return (resource.urn as unknown as { promise(): Promise<string> }).promise();
}
