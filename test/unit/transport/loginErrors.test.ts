import { strict as assert } from "node:assert";
import { HostError, type HostErrorKind } from "../../../provider/core/errors";
import { hopError, loginError } from "../../../provider/core/transport/loginErrors";
import { connection } from "./connections";

// As printed by OpenSSH 9.2 unless noted.
const cases: [name: string, kind: HostErrorKind, problem: RegExp, stderr: string][] = [
  [
    "a changed host key",
    "host-key",
    /not the known one \(it sent SHA256:yXb16tPujMY\+4\/5TvEAd55Cz7wNR1zgPIUZ\+NulUlXU\)/,
    `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:yXb16tPujMY+4/5TvEAd55Cz7wNR1zgPIUZ+NulUlXU.
Please contact your system administrator.
Add correct host key in /home/ops/.ssh/known_hosts to get rid of this message.
Host key for compute-1 has changed and you have requested strict checking.
Host key verification failed.`,
  ],
  [
    "an unknown host key",
    "host-key",
    /no ED25519 host key is known for compute-1/,
    "No ED25519 host key is known for compute-1 and you have requested strict checking.\nHost key verification failed.",
  ],
  [
    "a host without the pinned type of key",
    "host-key",
    /offers ssh-ed25519/,
    "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-ed25519",
  ],
  [
    "a certificate for another name",
    "host-key",
    /certificate was refused: name is not a listed principal/,
    "Certificate invalid: name is not a listed principal\nNo ED25519 host key is known for compute-1 and you have requested strict checking.\nHost key verification failed.",
  ],
  [
    "no algorithm in common",
    "unexpected",
    /no matching key exchange method found/,
    "Unable to negotiate with 192.0.2.1 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1",
  ],
  [
    "a refused key, behind a banner",
    "authentication",
    /every credential \(it takes publickey, gssapi-keyex, password\)/,
    "Permission denied to strangers (all of them)! Connection refused.\nroot@compute-1: Permission denied (publickey,gssapi-keyex,password).",
  ],
  [
    "a key file that others can read",
    "authentication",
    /ssh does not use \/home\/ops\/key, which others can read/,
    "Permissions 0644 for '/home/ops/key' are too open.\nThis private key will be ignored.\nLoad key \"/home/ops/key\": bad permissions\nroot@compute-1: Permission denied (publickey).",
  ],
  [
    "an account that has expired",
    "authentication",
    /does not let us in: Your account has expired; please contact/,
    "Your account has expired; please contact your system administrator.\nConnection closed by 192.0.2.1 port 22",
  ],
  [
    "a host that is still booting",
    "unreachable",
    /lets nobody but root in: "System is booting up\. Unprivileged users are not permitted/,
    '"System is booting up. Unprivileged users are not permitted to log in yet. Please come back later. For technical details, see pam_nologin(8)."\nConnection closed by 192.0.2.1 port 22',
  ],
  [
    "too many keys of an agent",
    "authentication",
    /too many refused credentials/,
    "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\nDisconnected from 192.0.2.1 port 22",
  ],
  [
    "a name without an address",
    "unreachable",
    /nope\.invalid was not found/,
    "ssh: Could not resolve hostname nope.invalid: Name or service not known",
  ],
  [
    "a port without a listener",
    "unreachable",
    /connection refused/,
    "ssh: connect to host compute-1 port 22: Connection refused",
  ],
  [
    "a host that does not answer",
    "unreachable",
    /did not answer in time/,
    "ssh: connect to host compute-1 port 22: Connection timed out",
  ],
  [
    "an sshd that does not answer",
    "unreachable",
    /did not answer in time/,
    "Connection timed out during banner exchange\nConnection to 127.0.0.1 port 37073 timed out",
  ],
  ["no route", "unreachable", /No route to host/, "ssh: connect to host compute-1 port 22: No route to host"],
  [
    "no network",
    "unreachable",
    /Network is unreachable/,
    "ssh: connect to host 2001:db8::1 port 22: Network is unreachable",
  ],
  [
    "too many logins at once",
    "unreachable",
    /ended before the login began/,
    "kex_exchange_identification: Connection closed by remote host\nConnection closed by 127.0.0.1 port 22",
  ],
  [
    "a reset",
    "unreachable",
    /reset by peer/,
    "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 127.0.0.1 port 22",
  ],
  [
    "a hop that does not reach the host",
    "unreachable",
    /proxy brought no connection/,
    "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535",
  ],
  [
    "a host that hangs up in the key exchange",
    "unreachable",
    /cut during the login/,
    "Connection closed by 127.0.0.1 port 40937",
  ],
  [
    "a mistake in ssh_config",
    "unexpected",
    /Bad configuration option: hots/,
    "/home/ops/.ssh/config: line 1: Bad configuration option: hots\n/home/ops/.ssh/config: terminating, 1 bad configuration options",
  ],
  [
    "a private folder without programs",
    "unexpected",
    /programs in \/run\/user\/0\/pulumi-hostmem cannot be run/,
    "ssh_askpass: exec(/run/user/0/pulumi-hostmem/a0123456789.sh): Permission denied\nroot@compute-1: Permission denied (password).",
  ],
  ["words we have never seen", "unexpected", /ssh failed: Frobnication error/, "Frobnication error"],
  ["silence", "unexpected", /without a word/, ""],
];

describe("what a failed login means", () => {
  for (const [name, kind, problem, stderr] of cases) {
    it(name, () => {
      const error = loginError(connection(), { stderr, timedOut: false, unanswered: [], refused: undefined });
      assert.equal(error.kind, kind);
      assert.match(error.problem, problem);
      assert.equal(error.output, stderr);
      assert.ok(error.advice);
      assert.equal(error.message.split("\n").length, 2);
    });
  }

  it("a login that takes too long is a host we could not reach", () => {
    assert.equal(
      loginError(connection(), { stderr: "", timedOut: true, unanswered: [], refused: undefined }).kind,
      "unreachable",
    );
  });

  it("a question nobody can answer is told", () => {
    const stderr = "root@compute-1: Permission denied (publickey,keyboard-interactive).";
    const unanswered = ["(root@compute-1) Verification code:"];
    const error = loginError(connection(), { stderr, timedOut: false, unanswered, refused: undefined });
    assert.match(error.problem, /asks "\(root@compute-1\) Verification code:"/);
  });

  it("a password that was asked for again is a wrong one", () => {
    const failure = { stderr: "", timedOut: false, unanswered: ["(root@compute-1) Password:"] };
    const wrong = loginError(connection({ password: "x" }), { ...failure, refused: "password" });
    assert.equal(wrong.kind, "authentication");
    assert.match(wrong.problem, /did not accept the password/);
    const locked = loginError(connection({ privateKeyFile: "/k" }), { ...failure, refused: "passphrase" });
    assert.match(locked.problem, /privateKeyPassword does not open the key/);
  });

  it("names the port where it matters for known_hosts", () => {
    const stderr = "No ED25519 host key is known for [compute-1]:2222 and you have requested strict checking.";
    const error = loginError(connection({ port: 2222 }), {
      stderr,
      timedOut: false,
      unanswered: [],
      refused: undefined,
    });
    assert.match(error.advice!, /ssh-keyscan -p 2222 compute-1/);
  });

  it("a hop's error is the host's own, and says which hop", () => {
    const cause = new HostError("authentication", "bastion", "the host refused every credential", { advice: "Check." });
    const error = hopError("compute-1", cause) as HostError;
    assert.equal(error.kind, "authentication");
    assert.equal(error.message, "[compute-1] proxy bastion: the host refused every credential\n  Check.");
  });
});
