import { domainTargets } from "../support/domains/targets";
import { fuzzTests } from "../support/fuzz/tests";
import { novaTargets } from "../support/novaPages/targets";
import { systemdTargets } from "../support/systemd/targets";

fuzzTests([...domainTargets, ...novaTargets, ...systemdTargets]);
