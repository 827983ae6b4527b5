import type { Connection } from "../../provider/core/transport/connection";
import { type Account, makeAccounts, sudo, userOf } from "../support/access/accounts";
import { addForeignTools } from "../support/access/foreignTools";
import { hostWays } from "../support/access/hostWays";
import { shellWays } from "../support/access/shellWays";
import { sudoWays } from "../support/access/sudoWays";
import { goIn, tryWay } from "../support/access/way";
import { type LabHost, startLabHost } from "../support/lab/labHost";
import { sampled } from "../support/sampled";
import { PrivatePlace } from "../support/ssh/places";

/** How many ways are gone at the same time, where a way is one account's own business. */
const atOnce = 6;
const accounts = [
  ...sampled("ways into a host", [...sudoWays, ...shellWays], 28),
  ...sampled("states of a host", hostWays, 7),
];

describe("ways into a host, each an account of its own", function () {
  this.timeout(120_000);
  const place = new PrivatePlace();
  const going = new Map<Account, Promise<void>>();
  let host: LabHost;

  before(async function () {
    this.timeout(20 * 60_000);
    place.enter();
    host = await startLabHost({ kind: "light" });
    await addForeignTools(host);
    await makeAccounts(host, accounts);
    startAll(accounts.filter(({ during }) => during === undefined));
  });
  after(async () => {
    await Promise.allSettled(going.values());
    place.leave();
    await host?.destroy();
  });

  const go = (account: Account) => goIn(connectionTo(account), account.become ?? sudo, account.seconds);

  function connectionTo(account: Account): Connection {
    return {
      host: host.address,
      port: 22,
      user: userOf(accounts.indexOf(account)),
      password: undefined,
      privateKey: undefined,
      privateKeyPassword: undefined,
      agentSocketPath: undefined,
      hostKey: host.connection.hostKey,
      dialErrorLimit: 3,
      perDialTimeout: 15,
      proxy: undefined,
      transport: "ssh",
      privateKeyFile: host.connection.privateKeyFile,
      hostKeyChecking: "strict",
      ...account.connection,
    };
  }

  function startAll(all: readonly Account[]): void {
    const lanes = Array.from({ length: atOnce }, () => Promise.resolve());
    for (const [index, account] of all.entries()) {
      const gone = lanes[index % atOnce]!.then(() => go(account));
      gone.catch(() => {}); // its own test looks at it
      going.set(account, gone);
      lanes[index % atOnce] = gone.then(
        () => {},
        () => {},
      );
    }
  }

  for (const account of accounts) {
    it(account.name, async () => {
      if (account.during === undefined) return tryWay(account.name, () => going.get(account)!, account.refused);
      await Promise.allSettled(going.values());
      try {
        await host.succeed(account.during.begin);
        await tryWay(account.name, () => go(account), account.refused);
      } finally {
        await host.succeed(account.during.end);
      }
    });
  }
});
