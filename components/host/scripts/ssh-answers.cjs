// Before a destroy, by `node -e` (see destroy-check.ts): does an SSH server answer at the address and the port that the question,
// its argument, ends with? Where none does, it fails with the text of $MESSAGE. It tries for 15 s: a busy sshd turns some
// connections away, and what accepts one may be a proxy in front of nothing. It comes as one line, with no comment below this.
const [, address, port] = /at (.*) port (.*)$/.exec(process.argv[1]);
const end = Date.now() + 15000;
const dial = () => {
  const socket = require("net").connect(port, address);
  socket.on("data", (text) => text.includes("SSH-") && process.exit(0));
  socket.on("error", () => {}).setTimeout(5000, () => socket.destroy());
  socket.on("close", () => (Date.now() < end ? setTimeout(dial, 1000) : fail()));
};
const fail = () => {
  console.error(process.env.MESSAGE);
  process.exit(1);
};
dial();
