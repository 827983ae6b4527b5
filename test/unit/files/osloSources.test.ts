import assert from "node:assert/strict";
import { configSources, type ServiceView } from "../../../provider/core/files/osloConfig";

function sources(args: string[], paths: string[], more: Partial<ServiceView> = {}) {
  return configSources({
    args,
    home: "/var/lib/nova",
    exists: (path) => paths.some((each) => each === path || each.startsWith(`${path.replace(/\/$/, "")}/`)),
    listDirectory: (path) =>
      paths.filter((each) => each.startsWith(`${path}/`)).map((each) => each.slice(path.length + 1)),
    ...more,
  });
}

const usual = [
  "/etc/nova/nova.conf",
  "/etc/nova/nova-compute.conf",
  "/etc/nova/nova.conf.d/9.conf",
  "/etc/nova/nova.conf.d/10.conf",
];
const [main, compute, nine, ten] = usual as [string, string, string, string];

describe("the configuration files of a service", () => {
  it("without arguments are the default files and then the default directories", () => {
    assert.deepEqual(sources([], usual).paths, [main, compute, ten, nine]);
  });

  it("with an explicit file are the default directories and then that file", () => {
    assert.deepEqual(sources([`--config-file=${main}`], usual).paths, [ten, nine, main]);
    assert.deepEqual(sources(["--config-file", main, "--config-file", compute], usual).paths, [
      ten,
      nine,
      main,
      compute,
    ]);
  });

  it("with an explicit directory are the default files and then that directory", () => {
    const extra = ["/srv/b.conf", "/srv/a.conf"];
    assert.deepEqual(sources(["--config-dir", "/srv"], [...usual, ...extra]).paths, [
      main,
      compute,
      "/srv/a.conf",
      "/srv/b.conf",
    ]);
    assert.deepEqual(sources(["--config-dir=/srv/"], [...usual, ...extra]).paths, [
      main,
      compute,
      "/srv/a.conf",
      "/srv/b.conf",
    ]);
  });

  it("with both come in the order of the arguments", () => {
    const args = ["--config-dir=/srv", "--verbose", `--config-file=${compute}`];
    assert.deepEqual(sources(args, [...usual, "/srv/a.conf"]).paths, ["/srv/a.conf", compute]);
  });

  it("with an abbreviated argument are read beside the default ones", () => {
    assert.deepEqual(sources(["--config-f", main], [main, compute]).paths, [main, compute, main]);
  });

  it("are looked for in the home directory first, each name by itself", () => {
    const paths = ["/var/lib/nova/.nova/nova.conf", "/etc/nova.conf", ...usual];
    assert.deepEqual(sources([], paths).paths.slice(0, 2), ["/var/lib/nova/.nova/nova.conf", compute]);
  });

  it("of a snap come after those of /etc", () => {
    const paths = ["/snap/nova/etc/nova/nova.conf"];
    assert.deepEqual(sources([], paths, { snapDirectories: ["/common", "/snap/nova"] }).paths, paths);
  });

  it("begin with the distribution's own where oslo.config is patched for that", () => {
    const shared = ["/usr/share/nova/nova-dist.conf", "/usr/share/nova/nova-compute-dist.conf"];
    assert.deepEqual(sources([], [...usual, ...shared], { distributionFiles: true }).paths.slice(0, 4), [
      ...shared,
      main,
      compute,
    ]);
    assert.deepEqual(sources([], [...usual, ...shared]).paths.slice(0, 2), [main, compute]);
  });

  it("in a directory are the visible ones that end in .conf", () => {
    const paths = ["/srv/.a.conf", "/srv/b.conf", "/srv/b.conf.rpmsave", "/srv/sub/c.conf"];
    assert.deepEqual(sources(["--config-dir=/srv", "--config-file=/srv/b.conf"], paths).paths, [
      "/srv/b.conf",
      "/srv/b.conf",
    ]);
  });

  it("are found from relative paths and ~", () => {
    const args = ["--config-file", "~/x.conf", "--config-file=../y.conf"];
    const { paths } = sources(args, ["/var/lib/nova/x.conf", "/y.conf"], { workingDirectory: "/srv" });
    assert.deepEqual(paths, ["/var/lib/nova/x.conf", "/y.conf"]);
  });

  it("that are named and missing stop the service", () => {
    assert.match(sources(["--config-file=/gone.conf"], usual).failure!, /find some config files: \/gone.conf/);
    assert.match(sources(["--config-dir=/gone"], usual).failure!, /config file directory: \/gone/);
    assert.match(sources(["--config-file"], usual).failure!, /expected one argument/);
    assert.equal(sources([], usual).failure, undefined);
  });
});
