import { domainTargets } from "../support/domains/targets";
import { fuzzTests } from "../support/fuzz/tests";
import { systemdTargets } from "../support/systemd/targets";

fuzzTests([...domainTargets, ...systemdTargets]);
