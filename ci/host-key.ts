import { readFile, writeFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { main } from "./main";

// `host-key.ts STACK`: pins the host key of HOST_KEY, if that is set, in the stack's file of this checkout. A file that pins
// another one is not changed: one of the two is out of date, and a person has to say which.
main(async ([stack]) => {
  if (stack === undefined) throw new Error("usage: host-key.ts STACK");
  const key = (process.env["HOST_KEY"] ?? "").trim();
  if (key === "") return;
  const file = `Pulumi.${stack}.yaml`;
  const settings = parseDocument(await readFile(file, "utf8"));
  const at = ["config", "soar-profiling:host", "hostKey"];
  const pinned = settings.getIn(at);
  if (pinned !== undefined && pinned !== key) {
    throw new Error(
      `${file} pins another host key than the secret HOST_KEY has: compare both with /etc/ssh/ssh_host_ed25519_key.pub on the ` +
        "host's own console, and take out the one that is wrong",
    );
  }
  settings.setIn(at, key);
  await writeFile(file, settings.toString({ lineWidth: 0 }));
});
