import { setTimeout as sleep } from "node:timers/promises";
import { withSshKey } from "../../ci/ssh-agent";

// A step that has the key of SSH_PRIVATE_KEY, prints where its agent is, and waits to be killed.
void withSshKey(async () => {
  console.log(process.env["SSH_AUTH_SOCK"]);
  await sleep(120_000);
});
