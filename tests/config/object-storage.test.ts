import { expect, test } from "vitest";
import { secretProblems } from "../../config/secret-texts";
import { accepted, issues } from "./sample";

const s3 = {
  endpoint: "https://s3.example",
  bucket: "profiles",
  region: "eu-1",
  accessKeyId: "AKIA",
};
const of = (changes: object): string[] =>
  issues({ pyroscope: { storage: { s3: { ...s3, ...changes } } } }, ["s3SecretKey"]);

test("a bucket is taken with a prefix and without, with a port and by http", () => {
  for (const changes of [{}, { prefix: "prod/a_b" }, { endpoint: "http://10.0.0.1:9000/" }])
    expect(of(changes)).toEqual([]);
  const { pyroscope } = accepted({ pyroscope: { storage: { s3 } } }, new Set(["s3SecretKey"]));
  expect(pyroscope).toMatchObject({ kind: "local", storage: { s3 } });
});

test.each([
  [
    { endpoint: "https://s3.example/profiles" },
    'endpoint: must be a URL with scheme, host and port only, not "https://s3.example/profiles": the bucket and the prefix have settings of their own',
  ],
  [{ endpoint: "s3.example" }, "endpoint: must be the address of the storage"],
  [{ bucket: "Profiles" }, "bucket: must be a bucket's name"],
  [{ region: "" }, "region: is required: set a region, such as eu-central-1"],
  [{ region: "eu 1" }, "region: must be a region"],
  // Pyroscope itself refuses these.
  [{ prefix: "/prod" }, "prefix: must be names of letters"],
  [{ prefix: "prod/2" }, "prefix: must be names of letters"],
  [{ prefix: "a//b" }, "prefix: must be names of letters"],
  [{ accessKeyId: "a:b" }, "accessKeyId: must be an access key ID"],
  [{ secretAccessKey: "x" }, "secretAccessKey: is no setting"],
])("%j is refused", (changes, message) => {
  const found = of(changes);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`pyroscope.storage.s3.${message}`);
});

test("the key is wanted with a bucket, and with nothing else", () => {
  expect(issues({ pyroscope: { storage: { s3 } } })).toEqual([
    "s3SecretKey: is required with pyroscope.storage.s3: pulumi config set --secret s3SecretKey",
  ]);
  expect(issues({}, ["s3SecretKey"])).toEqual([
    "s3SecretKey: is used with pyroscope.storage.s3 only: set that too, or remove the secret",
  ]);
  // One mistake is told once.
  expect(issues({ pyroscope: { storage: { s3: { ...s3, bucket: "-" } } } }, ["s3SecretKey"])).toHaveLength(1);
});

test("a remote Pyroscope has a storage of its own", () => {
  const pyroscope = { remote: { url: "https://profiles.example" }, storage: { s3 } };
  expect(issues({ pyroscope })).toEqual([
    "pyroscope.storage: belongs to a local Pyroscope: leave it out, or leave out pyroscope.remote",
  ]);
});

test("the disk has to hold a day of what goes into a bucket, and the whole retention without", () => {
  const services = Array.from({ length: 60 }, (_, n) => ({
    name: `service-${n}`,
    port: 20_000 + n,
    interval: "15s",
  }));
  const disk = { retention: "90d", diskBudget: "20GiB" };
  expect(issues({ services, pyroscope: disk })[0]).toMatch(
    /^pyroscope.diskBudget: 20GiB does not hold 90d of profiles/,
  );
  expect(issues({ services, pyroscope: { ...disk, storage: { s3 } } }, ["s3SecretKey"])).toEqual([]);
  const small = { ...disk, diskBudget: "1GiB", storage: { s3 } };
  expect(issues({ services, pyroscope: small }, ["s3SecretKey"])[0]).toMatch(
    /^pyroscope.diskBudget: 1GiB does not hold 1d of profiles, about 4GiB: set pyroscope.diskBudget to 4GiB if the disk has them, or a longer/,
  );
});

test.each(["two\nlines", "a space", "ümlaut", ""])(
  "a secret key %j is refused without being shown",
  (text) => {
    expect(secretProblems("s3SecretKey", text)).toEqual([
      {
        path: "s3SecretKey",
        message: "must be one line of at most 200 printable ASCII characters, without spaces",
      },
    ]);
  },
);
