import { strict as assert } from "node:assert";
import { factsScript } from "../../../provider/core/facts/hostFacts";
import { sha256 } from "../../../provider/core/facts/hostFile";
import { foreignRoot, type Installation, withInstallation } from "../../../provider/core/facts/installation";
import type { NovaComputeFacts } from "../../../provider/core/facts/novaCompute";
import { covers, mergeProbes, noProbes } from "../../../provider/core/facts/probes";
import { novaLogFile, readNovaConfig } from "../../../provider/core/novaConfig";
import { DescribedHost } from "../../support/plans/describedHost";

const probes = (installation: Installation) => ({ ...noProbes, installation });
const factsOf = (installation: Installation, args?: string[]) =>
  new DescribedHost({ ...(args ? { args } : {}), files: { "/srv/conf.d": { directory: true } } }).facts(
    probes(installation),
  );
const logOf = (installation: Installation) => {
  const facts = factsOf(installation);
  return novaLogFile(facts, readNovaConfig(facts));
};

describe("what a user says of how nova-compute is run", () => {
  const arguments_ = ["--config-file", "/a", "--config-dir=/b", "--log-file=/c", "--debug", "--config-file=/d"];

  it("stands for the configuration that its process names, and leaves its other arguments", () => {
    const { novaCompute } = factsOf({ novaConfig: ["/srv/nova.conf", "/srv/conf.d"] }, arguments_);
    assert.deepEqual(novaCompute?.args, [
      "--config-file=/srv/nova.conf",
      "--config-dir=/srv/conf.d",
      "--log-file=/c",
      "--debug",
    ]);
    assert.deepEqual(factsOf({}, arguments_).novaCompute?.args, arguments_);
  });

  it("decides where it logs, whatever its arguments say", () => {
    assert.equal(logOf({}), "/var/log/nova/nova-compute.log");
    assert.equal(logOf({ novaLog: "/srv/nova.log" }), "/srv/nova.log");
    assert.equal(logOf({ novaLog: "journal" }), undefined);
  });

  it("is what the host is asked for, each name as one word", () => {
    const { script } = factsScript(
      probes({ novaUnit: "a@b.service", libvirtUnit: "c.service", novaConfig: ["/srv/it is/n.conf"], qemuConf: "/q" }),
    );
    assert.match(script, /systemctl show -p \S+ a@b\.service c\.service virtqemud\.socket libvirtd\.socket </);
    assert.match(script, / '\/srv\/it is\/n\.conf'$/m);
    assert.match(script, /^for path in \/q \/etc\/fstab \S*c\.service\.d\/\S+; do/m);
    assert.doesNotMatch(script, /nova-compute\.service|libvirtd\.service/);
  });

  it("is not answered by facts that were read without it", () => {
    const one = probes({ novaUnit: "a.service", novaConfig: ["/a"] });
    assert.equal(covers(noProbes, one), false);
    assert.equal(covers(one, one), true);
    assert.equal(covers(one, noProbes), false, "as a program may say no more what it said once");
    assert.equal(covers(one, probes({ novaConfig: ["/a"] })), false);
    assert.equal(covers(one, probes({ novaConfig: ["/b"] })), false);
    assert.deepEqual(mergeProbes(noProbes, one), one);
    assert.deepEqual(mergeProbes(one, noProbes), noProbes);
  });

  it("must name files and log of a service in a root of its own", () => {
    const inRoot = (rootDirectory: string, rootImage = "") =>
      ({
        unit: { name: "n.service", rootDirectory, rootImage },
        args: [],
        home: "",
        environment: {},
      }) as unknown as NovaComputeFacts;
    const both = { novaConfig: ["/srv/n.conf"], novaLog: "journal" };
    assert.equal(foreignRoot(inRoot(""), {}), undefined);
    assert.equal(foreignRoot(inRoot("/"), {}), undefined);
    assert.equal(foreignRoot(inRoot("/srv"), both), undefined);
    assert.match(foreignRoot(inRoot("/srv"), {})!, /by novaConfig and novaLog, such as \/srv\/etc\/nova\/nova\.conf$/);
    assert.match(foreignRoot(inRoot("/srv"), { novaLog: "journal" })!, /by novaConfig, such as/);
    const image = /^n\.service runs from a disk image \(RootImage=\/srv\/n\.raw\)/;
    assert.match(foreignRoot(inRoot("", "/srv/n.raw"), both)!, image);
  });

  it("is the same files to those who read them", () => {
    const file = { ...new DescribedHost({}).facts().files.get("/etc/fstab")!, sha256: sha256(""), isRegular: true };
    const found = { unit: {}, args: ["--config-file"], home: "/", environment: {} } as unknown as NovaComputeFacts;
    const { args } = withInstallation(found, { novaConfig: ["/x"] }, new Map([["/x", file]]));
    assert.deepEqual(args, ["--config-file=/x"], "an option without its value is none");
  });
});
