// Plain old JavaScript: it must run on whatever Node there is, before anything is installed.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: install Node 20.19 or later (https://nodejs.org)`);
  process.exit(1);
}
