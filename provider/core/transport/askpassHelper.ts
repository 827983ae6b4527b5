// Run by ssh instead of asking a person: hands the question to the process that started ssh, prints its answer.
import { connect } from "node:net";

const socket = connect(process.env["HOSTMEM_SOCKET"] ?? "");
let reply = "";
socket.on("connect", () => {
  // The shell that started us made way for us, so our parent is the ssh that asks.
  socket.write(`${JSON.stringify({ asker: process.ppid, question: process.argv[2] ?? "" })}\n`);
});
socket.on("data", (chunk) => {
  reply += chunk.toString("utf8");
});
socket.on("error", () => process.exit(1));
socket.on("end", () => {
  const { answer } = JSON.parse(reply || '{"answer":null}') as { answer: string | null };
  if (answer === null) process.exit(1);
  process.stdout.write(`${answer}\n`);
});
