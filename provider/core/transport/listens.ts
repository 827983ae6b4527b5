import { connect } from "node:net";

/** Whether somebody listens at a socket: its file is there a moment before that, and may be left over after it. */
export function listens(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    const answer = (listens: boolean) => {
      probe.destroy();
      resolve(listens);
    };
    probe.once("connect", () => answer(true));
    probe.once("error", () => answer(false));
  });
}
