import type { LabHost } from "../../support/lab/labHost";
import { LabError, sleep } from "../../support/lab/process";

/**
 * Stops the applies on a host at a point that the host itself counts: as soon as they have started so many processes, all
 * of them are frozen, so that whatever comes then (a power cut, a reboot) comes there and nowhere else. Written to the
 * file: `frozen N FOLDER`, or `seen N` as long as it counts.
 */
const watcher = `
import glob, os, sys, time
limit, said = int(sys.argv[1]), sys.argv[2]
seen, folder = set(), None
def say(text):
    with open(said + ".new", "w") as file:
        file.write(text)
    os.rename(said + ".new", said)
say("seen 0")
while True:
    if folder is None:
        time.sleep(0.01)
        folder = next(iter(glob.glob("/sys/fs/cgroup/system.slice/hostmem-apply-*.service")), None)
        continue
    try:
        with open(folder + "/cgroup.procs") as file:
            seen.update(file.read().split())
        time.sleep(0.002)
        if len(seen) >= limit:
            with open(folder + "/cgroup.freeze", "w") as file:
                file.write("1")
            say("frozen %d %s" % (len(seen), folder))
            break
    except OSError:
        folder = None
        say("seen %d" % len(seen))
`;

const said = "/run/lab-apply-watch";

export class ApplyCut {
  private constructor(private readonly host: LabHost) {}

  /** @param processes after how many the applies from now on are frozen; without, they are counted only. */
  static async begin(host: LabHost, processes = Number.MAX_SAFE_INTEGER): Promise<ApplyCut> {
    await host.succeed(
      `cat > /run/lab-watch.py; rm -f ${said}
      systemd-run --quiet --collect --unit=lab-watch python3 /run/lab-watch.py ${processes} ${said}
      until [ -e ${said} ]; do sleep 0.1; done`,
      { input: watcher, seconds: 300 },
    );
    return new ApplyCut(host);
  }

  /** Waits until the applies of a command are frozen. False if it ended before. */
  async isReached(command: Promise<unknown>): Promise<boolean> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    command.then(end, end);
    for (const limit = Date.now() + 15 * 60_000; Date.now() < limit; await sleep(1000)) {
      if ((await this.host.readFile(said)).startsWith("frozen ")) return true;
      if (ended) return false;
    }
    throw new LabError(`${this.host.name}: no apply came so far, and its command does not end`);
  }

  /** How many processes the applies have started. */
  async count(): Promise<number> {
    return Number((await this.host.readFile(said)).split(" ")[1]);
  }

  /** The frozen apply goes on as soon as the host has had time to begin with something else. */
  async release(): Promise<void> {
    await this.host.succeed(
      `setsid sh -c 'sleep 1; echo 0 > $(cut -d" " -f3 ${said})/cgroup.freeze' > /dev/null 2>&1 &`,
    );
  }

  async end(): Promise<void> {
    await this.host.succeed(`systemctl stop lab-watch 2> /dev/null || :; rm -f ${said} /run/lab-watch.py`);
  }
}
