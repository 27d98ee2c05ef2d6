// Before a destroy, by `node -e` (see destroy-check.ts): does something answer at the port of this machine's loopback that the
// question, its argument, ends with? Where nothing does, it fails with the text of $MESSAGE. It comes as one line, with no comment
// below this.
const [, port] = /port (.*)$/.exec(process.argv[1]);
const socket = require("net").connect(port, "127.0.0.1", () => socket.destroy());
socket.on("error", () => {
  console.error(process.env.MESSAGE);
  process.exitCode = 1;
});
