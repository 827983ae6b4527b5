import { fuzzTests } from "../support/fuzz/tests";
import { mountTargets } from "../support/libmount/targets";

fuzzTests(mountTargets);
