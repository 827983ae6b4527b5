import * as fs from "node:fs";
import * as path from "node:path";
import { runOffline } from "./container";
import { runFirstTime } from "./firstRun";
import { withLock } from "./lock";
import { installTools, packageSources, requireRoot } from "./machine";
import { imageFolder } from "./places";
import { run } from "./process";
import { type Kind, recipeHash, recipes, release } from "./recipe";
import { listEntries } from "./register";
import { chooseServices } from "./services";
import { rootDiskFile } from "./vm/qemu";

/** Takes one line about long work. */
export type Progress = (line: string) => void;

/** A prepared root, never written to again: hosts are overlays above it. */
export interface Image {
  folder: string;
  /** Its layers in the order overlayfs wants them, the uppermost first. */
  layers: string[];
}

const buildMinutes = 20;

/** The image of a kind, if it is there already. */
export function findImage(kind: Kind): Image | undefined {
  const folder = path.join(imageFolder(), `${kind}-${recipeHash(kind)}`);
  if (!fs.existsSync(folder)) {
    return undefined;
  }
  fs.utimesSync(folder, new Date(), new Date()); // For removeOldImages.
  return imageAt(folder);
}

/** The image of a kind, built if it is not there: minutes then, milliseconds otherwise. */
export async function prepareImage(kind: Kind, progress: Progress): Promise<Image> {
  requireRoot();
  // Also with an image at hand: it may come from another machine's cache.
  await withLock("tools", 900, () => installTools(kind, progress));
  const found = findImage(kind);
  if (found) {
    return found;
  }
  progress(`${kind} image: not there yet (if another process is building it, this one waits)`);
  return withLock(`image-${kind}`, buildMinutes * 60, async () => findImage(kind) ?? (await build(kind, progress)));
}

async function build(kind: Kind, progress: Progress): Promise<Image> {
  const folder = path.join(imageFolder(), `${kind}-${recipeHash(kind)}`);
  const recipe = recipes[kind];
  const unfinished = `${folder}.unfinished`;
  const root = path.join(unfinished, "root");
  fs.rmSync(unfinished, { recursive: true, force: true });
  fs.mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  try {
    progress(`${kind} image: installing ${recipe.packages.length} packages and what they need`);
    await install(recipe.packages, root);
    for (const script of recipe.scripts) {
      progress(`${kind} image: ${script}`);
      await runOffline(root, script);
    }
    if (recipe.isDisk) {
      progress(`${kind} image: putting the files on a disk`);
      chooseServices(root, "none");
      await makeRootDisk(root, unfinished);
    }
    if (recipe.firstRun) {
      const layer = path.join(unfinished, firstRunLayer);
      await runFirstTime(kind, imageAt(unfinished), recipe.firstRun, layer, progress);
    }
    fs.renameSync(unfinished, folder);
  } catch (error) {
    fs.rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  removeOldImages(folder);
  progress(`${kind} image: ready in ${folder}`);
  return imageAt(folder);
}

/** Replaces a root's files by a disk that holds them, with the kernel and the initramfs to boot it beside it. */
async function makeRootDisk(root: string, folder: string): Promise<void> {
  for (const file of ["kernel", "initrd"]) {
    fs.copyFileSync(path.join(root, "boot/lab", file), path.join(folder, file));
  }
  const disk = path.join(folder, rootDiskFile);
  fs.closeSync(fs.openSync(disk, "wx", 0o600));
  fs.truncateSync(disk, rootDiskBytes);
  await run("mkfs.ext4", ["-q", "-F", "-L", "hostmem-root", "-d", root, disk], { seconds: 300 });
  fs.rmSync(root, { recursive: true });
}

const rootDiskBytes = 6 * 1024 ** 3;

const firstRunLayer = "first-run";

function imageAt(folder: string): Image {
  const layers = [firstRunLayer, "root"].map((layer) => path.join(folder, layer));
  return { folder, layers: layers.filter((layer) => fs.existsSync(layer)) };
}

async function install(packages: string[], root: string): Promise<void> {
  const omitted = ["doc", "man", "locale", "info"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  await run(
    "setpriv",
    [
      // A build that is cut must end with everything it has started and mounted: the next one empties the folder.
      ...["--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
      "mmdebstrap",
      "--variant=minbase",
      "--mode=root",
      '--aptopt=APT::Install-Recommends "false"',
      '--aptopt=Acquire::Languages "none"',
      "--dpkgopt=force-unsafe-io",
      ...omitted,
      `--include=${packages.join(",")}`,
      release,
      root,
      ...packageSources(),
    ],
    { seconds: buildMinutes * 60 },
  );
}

const keptUnusedMilliseconds = 24 * 3600 * 1000;

/** Images of other recipes that no host stands on and that nobody has asked for lately. */
function removeOldImages(current: string): void {
  const mounts = fs.readFileSync("/proc/self/mounts", "utf8");
  const machines = listEntries().entries.map((entry) => entry.machine?.bootFolder);
  for (const name of fs.readdirSync(imageFolder())) {
    const folder = path.join(imageFolder(), name);
    const isInUse = mounts.includes(folder) || machines.includes(folder);
    const unused = Date.now() - fs.statSync(folder).mtimeMs > keptUnusedMilliseconds;
    if (folder !== current && unused && !isInUse) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
}
