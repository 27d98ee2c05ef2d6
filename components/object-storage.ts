import type * as pulumi from "@pulumi/pulumi";
import type { ObjectStorage } from "../config/object-storage";
import type { Settings } from "../config/settings";
import { renderCurlOptions } from "../render/prometheus/curl-options";
import type { ObjectStorageRequirement } from "./host/required";
import { dataDirectory, pyroscopeFile } from "./pyroscope";

/** The bucket of a local Pyroscope, which the host is to try before anything is changed. */
export function storageRequirement({ s3 }: ObjectStorage): ObjectStorageRequirement {
  const { endpoint, region, bucket, prefix } = s3;
  return {
    url: endpoint,
    region,
    bucket,
    prefix,
    setting: "pyroscope.storage.s3",
    secret: "s3SecretKey",
    directory: dataDirectory,
    file: pyroscopeFile,
  };
}

/** Options of curl with the key for it; undefined without a bucket. */
export function storageLogin(
  { environment, pyroscope }: Settings,
  secretKey: pulumi.Output<string> | undefined,
): pulumi.Output<string> | undefined {
  if (pyroscope.kind !== "local" || pyroscope.storage === undefined) return undefined;
  const user = pyroscope.storage.s3.accessKeyId;
  return secretKey?.apply((password) =>
    renderCurlOptions({ environment, user, password, insecureSkipVerify: false }),
  );
}
