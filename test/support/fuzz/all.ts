import { augeasTargets } from "../augeas/targets";
import { domainTargets } from "../domains/targets";
import { mountTargets } from "../libmount/targets";
import { novaTargets } from "../novaPages/targets";
import { osloTargets } from "../oslo/targets";
import { systemdTargets } from "../systemd/targets";
import { virconfTargets } from "../virconf/targets";
import { fileTargets } from "./files";
import { factTargets } from "./host/facts";
import { formTargets } from "./host/forms";
import { pageTargets } from "./host/pages";
import { policyTargets } from "./host/policies";
import { streamTargets } from "./host/streams";
import { valueTargets } from "./host/values";
import type { AnyTarget } from "./target";
import { workTargets } from "./work";

/** What is said of our code alone. */
export const ownTargets: AnyTarget[] = [
  ...fileTargets,
  ...factTargets,
  ...formTargets,
  ...pageTargets,
  ...policyTargets,
  ...streamTargets,
  ...valueTargets,
  ...workTargets,
];

/** What is said of it with the real reader of a text as the judge. */
export const judgedTargets: AnyTarget[] = [
  ...osloTargets,
  ...virconfTargets,
  ...augeasTargets,
  ...mountTargets,
  ...domainTargets,
  ...novaTargets,
  ...systemdTargets,
];

/** Everything that is said of a reader of files or of what a host prints. */
export const allTargets: AnyTarget[] = [...judgedTargets, ...ownTargets];
