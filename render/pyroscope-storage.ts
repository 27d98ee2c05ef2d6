import type { ObjectStorage } from "../config/object-storage";
import { managedBy } from "./header";

/** The variable of the unit's environment that has the secret key, as a value of YAML. */
const variable = "SOAR_PROFILING_S3_SECRET_KEY";

/** The part of Pyroscope's configuration that says where profiles are stored; `directory` without a bucket. */
export function renderStorage(storage: ObjectStorage | undefined, directory: string): object {
  if (storage === undefined) return { backend: "filesystem", filesystem: { dir: directory } };
  const { endpoint, bucket, region, prefix, accessKeyId } = storage.s3;
  const { host, protocol } = new URL(endpoint);
  return {
    backend: "s3",
    ...(prefix === undefined ? {} : { prefix }),
    s3: {
      endpoint: host,
      ...(protocol === "http:" ? { insecure: true } : {}),
      bucket_name: bucket,
      region,
      access_key_id: accessKeyId,
      secret_access_key: `\${${variable}}`,
    },
  };
}

/** How often Pyroscope 1.x lists what is in the bucket, and reads the list. */
const listed = "1m";

/**
 * How the storage of 1.x reads a bucket: what is in it counts within two minutes, so that a host whose disk was lost answers with all
 * that it has sent there. By default the last hours are asked of the disk alone, and the list is made each quarter of an hour.
 */
export function readsBucket(storage: ObjectStorage | undefined): {
  bucketStore: object;
  compactor: object;
  querier: object;
} {
  if (storage === undefined) return { bucketStore: {}, compactor: {}, querier: {} };
  return {
    bucketStore: { ignore_blocks_within: "0s", sync_interval: listed },
    compactor: { cleanup_interval: listed },
    querier: { querier: { query_store_after: "0s" } },
  };
}

/**
 * Renders the file of the unit's environment that has the secret key. Its value is a text of YAML, in double quotes, because
 * Pyroscope puts it into its configuration before it reads that; for systemd it is within single quotes.
 */
export function renderStorageEnvironment(secretKey: string): string {
  const code = (character: string): string => `\\u00${character.charCodeAt(0).toString(16)}`;
  return `# ${managedBy()}\n${variable}='${JSON.stringify(secretKey).replace(/['$]/g, code)}'\n`;
}
