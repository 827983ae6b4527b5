import * as net from "node:net";

/** What happens to a link: it breaks at once, or nothing comes through any more and nobody says so. */
export type LinkFault = "cut" | "freeze";

/** A way to a host's sshd through which every message can be counted, and the link be broken at any of them. */
export class LinkProxy {
  /** Messages that came through since `breakAt`, in both directions. */
  messages = 0;
  private fault: { kind: LinkFault; at: number } | undefined;
  private readonly links = new Set<Link>();

  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  static async to(address: string, port = 22): Promise<LinkProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new LinkProxy(server, (server.address() as net.AddressInfo).port);
    server.on("connection", (near) => proxy.join(near, net.connect(port, address)));
    return proxy;
  }

  /** Breaks the link instead of passing on the message of this number, from 1; 0 for never. Links made later work. */
  breakAt(message: number, kind: LinkFault = "cut"): void {
    this.messages = 0;
    this.fault = message > 0 ? { kind, at: message } : undefined;
  }

  /** True until the fault that was asked for has happened. */
  get isWhole(): boolean {
    return this.fault !== undefined;
  }

  close(): void {
    this.server.close();
    for (const link of this.links) link.end();
  }

  private join(near: net.Socket, far: net.Socket): void {
    const link = new Link(near, far, () => this.passes());
    this.links.add(link);
    far.once("close", () => this.links.delete(link));
  }

  private passes(): boolean {
    this.messages++;
    if (!this.fault || this.messages < this.fault.at) return true;
    const { kind } = this.fault;
    this.fault = undefined;
    for (const link of this.links) {
      if (kind === "cut") link.end();
      else link.frozen = true;
    }
    return false;
  }
}

class Link {
  frozen = false;

  constructor(
    private readonly near: net.Socket,
    private readonly far: net.Socket,
    passes: () => boolean,
  ) {
    this.pipe(near, far, passes);
    this.pipe(far, near, passes);
  }

  end(): void {
    this.near.destroy();
    this.far.destroy();
  }

  private pipe(from: net.Socket, to: net.Socket, passes: () => boolean): void {
    from.setNoDelay(true);
    from.on("data", (chunk) => {
      if (!this.frozen && passes()) to.write(chunk);
    });
    from.on("error", () => {});
    from.on("close", () => {
      if (!this.frozen) to.destroy();
    });
  }
}
