import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { AptPackage, Host, ServiceConfig } from "soar-profiling";

const config = new pulumi.Config();

const host = new Host("web", {
  environment: "web",
  owner: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  // It keeps a package there, which only one environment of a host does.
  ownsPlatform: true,
  ssh: { address: config.require("address"), port: 22, user: "deploy", hostKey: config.require("hostKey") },
  privateKey: config.requireSecret("sshPrivateKey"),
  detectDrift: true,
  requirements: {
    ports: [
      { address: "127.0.0.1", port: 8080, unit: "caddy.service", purpose: "Caddy", setting: "Caddyfile" },
    ],
    disks: [],
  },
});

// Debian's own: what /etc/apt/sources.list.d/debian.sources offers, or the host has already.
const caddy = new AptPackage({
  source: "debian",
  name: "caddy",
  version: config.require("caddyVersion"),
  dataDirectory: "/var/lib/caddy",
});

const service = new ServiceConfig("web-caddy", {
  host,
  id: "caddy",
  declaration: {
    ...caddy.declared,
    unit: "caddy.service",
    user: "caddy",
    trees: ["/etc/caddy"],
    validate: ["caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile"],
    reload: "systemctl reload caddy.service",
    health: [{ seconds: 5, command: "curl -fsS --max-time 5 http://127.0.0.1:8080/health" }],
    files: [
      {
        path: "/etc/caddy/Caddyfile",
        mode: "0644",
        owner: "root:root",
        activation: "reload",
        content: readFileSync(path.join(__dirname, "Caddyfile"), "utf8"),
      },
    ],
  },
});

/** Path and SHA-256 of each file on the host. */
export const files = service.files;
