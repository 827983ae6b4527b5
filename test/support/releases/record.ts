// node build/test/support/releases/record.js
//
// Keeps what this release leaves, in Pulumi's state and on a host, in test/fixtures/releases/VERSION, for all later ones to
// be tried with. Run once a release, with the Pulumi CLI on PATH (npm run pulumi -- version brings it).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Project, repository } from "../../engine/support/project";
import { LightHost } from "../sandbox/lightHost";
import { leftOnHost, releaseProgram, releasesFolder } from "./release";

async function record(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
  const host = await LightHost.start();
  const environment = { PATH: `${host.shell}:${process.env["PATH"]}` };
  let project: Project | undefined;
  try {
    project = await Project.create({ program: { javascript: releaseProgram }, environment });
    await project.up();
    const folder = join(releasesFolder, version);
    mkdirSync(folder, { recursive: true });
    const write = (name: string, content: unknown) =>
      writeFileSync(join(folder, name), `${JSON.stringify(content, undefined, 1)}\n`);
    write("state.json", await project.exportStack());
    write("host.json", host.files(leftOnHost));
  } finally {
    project?.remove();
    await host.stop();
  }
}

record();
