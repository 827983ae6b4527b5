import type { LabHost } from "../../support/lab/labHost";

/**
 * Something in nova-compute's way that shows only at its next start, and that no tool could know of beforehand: no file
 * of its configuration, no setting of its unit, not even the environment or the arguments of its process tell of it.
 *
 * @param python what happens in nova-compute's process before Nova's own code, with `os` and `sys` at hand.
 */
export async function putInTheWay(host: LabHost, python: string): Promise<void> {
  const body = python.replace(/^/gm, "    ");
  await host.writeFile(
    `${packages}/nova_obstacle.py`,
    `import os, sys\nif any(word.endswith("/nova-compute") for word in sys.argv[:1]):\n${body}\n`,
    { mode: "0644" },
  );
  // site.py runs lines of .pth files that begin with "import" at every start of the interpreter.
  await host.writeFile(`${packages}/nova_obstacle.pth`, "import nova_obstacle\n", { mode: "0644" });
}

/** Lines for the [Service] section of a unit, from its next start on. */
export async function useDropIn(host: LabHost, lines: string, unit = "nova-compute.service"): Promise<void> {
  const folder = `/etc/systemd/system/${unit}.d`;
  await host.succeed(`mkdir -p ${folder}`);
  await host.writeFile(`${folder}/obstacle.conf`, `[Service]\n${lines}\n`);
  await host.succeed("systemctl daemon-reload");
}

/** Takes either away again. Restarts nothing. */
export async function clearTheWay(host: LabHost): Promise<void> {
  await host.succeed(
    `rm -rf ${packages}/nova_obstacle.* ${packages}/__pycache__
    for file in /etc/systemd/system/*.d/obstacle.conf; do
      [ ! -e $file ] || { rm $file; rmdir \${file%/*}; systemctl daemon-reload; }
    done`,
  );
}

const packages = "/usr/local/lib/python3.11/dist-packages";
