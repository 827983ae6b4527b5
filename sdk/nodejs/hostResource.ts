import * as pulumi from "@pulumi/pulumi";
import { providerText, resourceType } from "../../provider/dynamic";
import { type CloudArgs, secretUnlessName } from "./openStack";
import { readHostAhead } from "./readAhead";
import { ordered, Turn } from "./turn";
import type { HostArgs } from "./types";

/** How many this program has declared: Pulumi lets resources below different kinds of parents have one name. */
let resources = 0;

/** Base of the resources that are one object on one host. */
export abstract class HostResource extends pulumi.CustomResource {
  /** `project/stack/name`: who the object belongs to, as the host remembers it. */
  public readonly owner!: pulumi.Output<string>;
  /** What this run does to the host, one line a step; empty when the host is as declared. Known in a preview. */
  public readonly plan!: pulumi.Output<string[]>;

  /**
   * @param outputs names of outputs beside the inputs; the engine fills in only what was declared.
   */
  protected constructor(
    kind: string,
    name: string,
    args: HostArgs & CloudArgs,
    outputs: readonly string[],
    options?: pulumi.CustomResourceOptions,
  ) {
    const properties: Record<string, unknown> = {
      plan: undefined,
      ...Object.fromEntries(outputs.map((each) => [each, undefined])),
      ...args,
    };
    super(
      resourceType(kind),
      name,
      {
        ...properties,
        __provider: providerText(kind),
        __run: {
          readAhead: readHostAhead(kind, { ...args }),
          preview: pulumi.runtime.isDryRun(),
          isMadeHere: comesFromResource(args.connection),
          resource: ++resources,
        },
        owner: `${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
        connection: pulumi.secret(args.connection),
        become: typeof args.become === "object" ? pulumi.secret(args.become) : args.become,
        ...(args.openstack === undefined ? {} : { openstack: secretUnlessName(args.openstack) }),
      },
      // Both are the same thing on the host, which a delete in a replacement leaves alone, whichever comes first.
      { deleteBeforeReplace: true, ...ordered(options) },
    );
    Turn.current?.add(this);
  }
}

/**
 * What another stack made is there already. A promise and not an output, which would add a dependency. What an output comes from is not in the SDK's types, though
 * every version has it; without it such a host is simply not waited for.
 */
async function comesFromResource(connection: HostArgs["connection"]): Promise<boolean> {
  const output = pulumi.output(connection) as { allResources?: () => Promise<ReadonlySet<unknown>> };
  const from = await output.allResources?.();
  return from !== undefined && [...from].some((each) => !(each instanceof pulumi.StackReference));
}
