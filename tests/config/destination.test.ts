import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { accepted, issues } from "./sample";

/** Any two. */
const [first = "", second = ""] = rootCertificates;
const url = "https://profiles.example";
const ofRemote = (ca: string, address = url): string[] =>
  issues({ pyroscope: { remote: { url: address, ca } } });

test("a remote Pyroscope may have authorities of its own", () => {
  const { pyroscope } = accepted({ pyroscope: { remote: { url, ca: `\n${first}\n\n${second}` } } });
  expect(pyroscope).toMatchObject({ kind: "remote", url, ca: `${first}\n\n${second}\n` });
});

test.each([
  ["text", "/etc/ssl/ca.pem", "must be certificates in PEM form"],
  ["more than certificates", `the first one: ${first}`, "must be certificates in PEM form"],
  [
    "a damaged one",
    `${first}\n${second.replace(/\n.{9}/, "\nAAAAAAAAA")}`,
    "is damaged: certificate 2 of 2 cannot be read",
  ],
  ["a key", `${first}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`, "holds a private key"],
])("%s is refused", (_, ca, message) => {
  const found = ofRemote(ca);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`pyroscope.remote.ca: ${message}`);
  expect(found[0]).not.toContain("AAAA");
});

test("certificates need TLS", () => {
  const message = "is of no use with http://, which shows no certificate: leave it out, or write https://";
  expect(ofRemote(first, "http://profiles.example")).toEqual([`pyroscope.remote.ca: ${message}`]);
  const also = { url: "http://profiles.example", ca: first };
  expect(issues({ pyroscope: { also } })).toEqual([`pyroscope.also.ca: ${message}`]);
});

test("a second place goes with a local and a remote one, and wants its own password", () => {
  const also = { url, user: "writer" };
  for (const place of [{}, { remote: { url: "https://first.example" } }]) {
    const pyroscope = { ...place, also };
    expect(issues({ pyroscope })).toEqual([
      "pyroscopeAlsoPassword: is required with pyroscope.also.user: pulumi config set --secret pyroscopeAlsoPassword",
    ]);
    expect(accepted({ pyroscope }, new Set(["pyroscopeAlsoPassword"])).pyroscope.also).toMatchObject(also);
  }
  expect(issues({ pyroscope: { also: { user: "writer" } } }, ["pyroscopeAlsoPassword"])).toEqual([
    expect.stringContaining("pyroscope.also.url: is required"),
  ]);
});
