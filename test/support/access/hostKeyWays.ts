import { known, type LoginWay, line, type World } from "./loginWays";

const inKnownHosts = (text: (world: World) => string) => (world: World) => ({ ".ssh/known_hosts": text(world) });

/** Every way for a host to prove who it is. */
export const hostKeyWays: readonly LoginWay[] = [
  {
    name: "host key in known_hosts",
    connection: ({ host }) => host.connection(known),
    home: inKnownHosts(({ host }) => line(host)),
  },
  {
    name: "host key in known_hosts, hashed",
    connection: ({ host }) => host.connection(known),
    home: inKnownHosts(({ host }) => line(host)),
    before: () => 'ssh-keygen -q -H -f "$HOME/.ssh/known_hosts" >/dev/null 2>&1',
  },
  {
    name: "another host key in known_hosts",
    connection: ({ host }) => host.connection(known),
    home: inKnownHosts(({ host, closed }) => line(host, closed.hostKey)),
    refused: { kind: "host-key", says: /not the known one \(it sent SHA256:[\s\S]*ssh-keygen -R \[127\.0\.0\.1\]:\d+/ },
  },
  {
    name: "host key that is not known",
    connection: ({ host }) => host.connection(known),
    refused: { kind: "host-key", says: /no ED25519 host key is known[\s\S]*ssh-keyscan -p \d+ 127\.0\.0\.1/ },
  },
  {
    name: "host key that is revoked",
    connection: ({ host }) => host.connection(known),
    home: inKnownHosts(({ host }) => `@revoked * ${host.hostKey}`),
    refused: { kind: "host-key", says: /marked as revoked/ },
  },
  {
    name: "host certificate of an authority in known_hosts",
    connection: ({ certified }) => certified.connection(known),
    home: inKnownHosts(({ certified }) => `@cert-authority * ${certified.authorityKey}`),
  },
  {
    name: "host certificate for another name",
    connection: ({ misnamed }) => misnamed.connection({ hostKey: `@cert-authority * ${misnamed.authorityKey}` }),
    refused: { kind: "host-key", says: /certificate was refused[\s\S]*signed for the name/ },
  },
  {
    name: "pinned authority",
    connection: ({ certified }) => certified.connection({ hostKey: `@cert-authority * ${certified.authorityKey}` }),
  },
  {
    name: "pinned authority of others",
    connection: ({ certified, misnamed }) =>
      certified.connection({ hostKey: `@cert-authority * ${misnamed.authorityKey}` }),
    refused: { kind: "host-key", says: /[\s\S]*(ssh-keyscan|hostKey)/ },
  },
  { name: "pinned key", connection: ({ host }) => host.connection() },
  {
    name: "pinned key of another host",
    connection: ({ host, closed }) => host.connection({ hostKey: closed.hostKey }),
    refused: { kind: "host-key", says: /it sent SHA256:[\s\S]*put its new key into hostKey/ },
  },
  {
    name: "pinned key of another type",
    connection: ({ host, keys, text }) => host.connection({ hostKey: text(`${keys.rsa}.pub`) }),
    refused: { kind: "host-key", says: /offers ssh-ed25519/ },
  },
  {
    name: "pinned key beside another one in known_hosts",
    connection: ({ host }) => host.connection(),
    home: inKnownHosts(({ host, closed }) => line(host, closed.hostKey)),
  },
  {
    name: "unknown host that is trusted at first sight",
    connection: ({ host }) => host.connection({ ...known, hostKeyChecking: "accept-new" }),
  },
  {
    name: "changed host that would be trusted at first sight",
    connection: ({ host }) => host.connection({ ...known, hostKeyChecking: "accept-new" }),
    home: inKnownHosts(({ host, closed }) => line(host, closed.hostKey)),
    refused: { kind: "host-key", says: /not the known one/ },
  },
  { name: "no host key checking", connection: ({ host }) => host.connection({ ...known, hostKeyChecking: "off" }) },
];
