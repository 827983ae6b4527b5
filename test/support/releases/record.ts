// node build/test/support/releases/record.js
//
// Keeps what this release leaves, in Pulumi's state, on a host and on its disk, in test/fixtures/releases/VERSION, for all
// later ones to be tried with. Run once a release, with the Pulumi CLI on PATH (npm run pulumi -- version brings it).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Project, repository } from "../../engine/support/project";
import { LoopDisk, onDisk } from "../store/loopDisk";
import { readPieces } from "../store/recordedContent";
import { diskMib, fileOf, hostWith, type Left, leftOnHost, mountPoint, type Situation, situations } from "./release";

async function record({ program, lost, hasDisk }: Situation): Promise<Left> {
  const disk = hasDisk ? LoopDisk.make(diskMib) : undefined;
  const host = await hostWith(disk);
  const environment = { PATH: `${host.shell}:${process.env["PATH"]}` };
  let project: Project | undefined;
  try {
    project = await Project.create({ program: { javascript: lost ?? program }, environment });
    if (lost !== undefined) {
      const empty = await project.exportStack();
      await project.up();
      await project.importStack(empty);
      project.setProgram({ javascript: program });
    }
    await project.up();
    const left = { state: await project.exportStack(), host: host.files(leftOnHost) };
    if (disk === undefined) return left;
    host.run(`umount ${mountPoint}`);
    onDisk("sync; blockdev --flushbufs $1", disk.device);
    return { ...left, disk: readPieces(disk.device) };
  } finally {
    project?.remove();
    await host.stop();
    disk?.remove();
  }
}

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
  for (const [name, situation] of Object.entries(situations)) {
    const file = fileOf(version, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(await record(situation), undefined, 1)}\n`);
    console.log(file);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
