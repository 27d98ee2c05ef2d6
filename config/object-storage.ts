import type { z } from "zod";
import { url } from "./addresses";
import * as field from "./fields";

const bucketForm = "a bucket's name: 3 to 63 of a-z, 0-9, . and -";
const regionForm = "a region, such as eu-central-1";
const prefixForm = "names of letters, digits, ., _ and -, a letter first, with / between them";
const keyForm = "an access key ID: letters, digits and . _ ~ + = @ -";

const endpointForm = "a URL with scheme, host and port only";

/** Pyroscope takes a host and a port, and no path. */
const endpoint = url("the address of the storage")
  .refine((value) => !/^https?:\/\/[^/]+\/./.test(value), {
    error: ({ input }) =>
      `must be ${endpointForm}${field.not(input, endpointForm)}: the bucket and the prefix have settings of their own`,
  })
  .meta({ form: "an http or https URL of host and port only, without a path" });

const s3 = field
  .map("a map with endpoint, bucket, region and accessKeyId", {
    endpoint: endpoint.describe(
      "The address of the storage, such as `https://s3.eu-central-1.amazonaws.com`; the port is that of the scheme unless it says one.",
    ),
    bucket: field
      .text(bucketForm, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .describe("The bucket, which has to be there."),
    region: field
      .text(regionForm, /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/)
      .describe("The bucket's region. A storage without regions takes `us-east-1`, as a rule."),
    prefix: field
      .text(prefixForm, /^(?=.{1,200}$)[A-Za-z][\w.-]*(\/[A-Za-z][\w.-]*)*$/)
      .optional()
      .describe(
        "What comes before the names of all objects. Two Pyroscopes on one bucket need one each, of which none begins with the other.",
      )
      .meta({ fallback: "none" }),
    accessKeyId: field
      .text(keyForm, /^[\w.~+=@-]{1,128}$/)
      .describe(
        "The ID of the key to log in with, which is no secret. The key itself is the secret `s3SecretKey`. It has to let list the " +
          "bucket, and read, write and delete objects.",
      ),
  })
  .describe("A bucket of an object storage that speaks S3.");

/** Where a local Pyroscope keeps what it has stored, if not on the host's disk. */
export const objectStorage = field
  .map("a map with s3", { s3 })
  .optional()
  .describe(
    "An object storage for the profiles, by Pyroscope's own backend. The host's disk keeps the last hours, and what is on its " +
      "way. With 2.x it also keeps the list of what is in the bucket, without which nothing there is found.",
  )
  .meta({ fallback: "the host's disk" });

export type ObjectStorage = NonNullable<z.output<typeof objectStorage>>;

/** What is wrong with the text of the secret key, which goes into a header, a YAML file and an environment file. */
export function secretKeyProblem(text: string): string | undefined {
  return /^[\x21-\x7e]{1,200}$/.test(text)
    ? undefined
    : "must be one line of at most 200 printable ASCII characters, without spaces";
}
