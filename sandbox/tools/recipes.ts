import { leaveOut, type Edit, type Recipe } from "./recipe";

const stateBackends = "backend/diy/backend.go";
const bucket = "backend/diy/bucket.go";
const keeper = "secrets/cloud/manager.go";
const operations = "operations/resources.go";

/** Leaves a file of Go out of the build. */
const ignore = (file: string, name: string): Edit => ({
  file,
  find: `\npackage ${name}\n`,
  replace: `\n//go:build ignore\n\npackage ${name}\n`,
});

/** Without the clouds: state in their buckets, secrets by their keys, and `pulumi logs` of their services. */
const withoutClouds: Edit[] = [
  leaveOut(stateBackends, '\t"gocloud.dev/blob/azureblob"  // driver for azblob://\n'),
  leaveOut(stateBackends, '\t"gocloud.dev/blob/gcsblob"    // driver for gs://\n'),
  leaveOut(stateBackends, '\t_ "gocloud.dev/blob/s3blob"   // driver for s3://\n'),
  leaveOut(stateBackends, '\t"github.com/pulumi/pulumi/pkg/v3/authhelpers"\n'),
  leaveOut(
    stateBackends,
    `	if p.Scheme == gcsblob.Scheme {
		blobmux, err = authhelpers.GoogleCredentialsMux(ctx)
		if err != nil {
			return nil, err
		}
	}
`,
  ),
  leaveOut(
    stateBackends,
    `	if p.Scheme == azureblob.Scheme {
		blobmux = &blob.URLMux{}
		blobmux.RegisterBucket(azureblob.Scheme, &azureblob.URLOpener{
			MakeClient:        azureblob.NewDefaultClient,
			ServiceURLOptions: *azureblob.NewDefaultServiceURLOptions(),
		})
	}
`,
  ),
  leaveOut(bucket, '\tawss3 "github.com/aws/aws-sdk-go-v2/service/s3"\n'),
  {
    file: bucket,
    find: "var input *awss3.CopyObjectInput",
    replace: "var input *struct{ CopySource *string }",
  },
  {
    file: bucket,
    find: "(input *awss3.CopyObjectInput)",
    replace: "(input *struct{ CopySource *string })",
  },
  leaveOut(keeper, '\t_ "gocloud.dev/secrets/awskms"        // support for awskms://\n'),
  leaveOut(keeper, '\t_ "gocloud.dev/secrets/azurekeyvault" // support for azurekeyvault://\n'),
  leaveOut(keeper, '\t"gocloud.dev/secrets/gcpkms"          // support for gcpkms://\n'),
  leaveOut(keeper, '\t_ "gocloud.dev/secrets/hashivault"    // support for hashivault://\n'),
  leaveOut(keeper, '\t"google.golang.org/api/cloudkms/v1"\n'),
  leaveOut(keeper, '\t"github.com/pulumi/pulumi/pkg/v3/authhelpers"\n'),
  leaveOut(
    keeper,
    `	case gcpkms.Scheme:
		credentials, err := authhelpers.ResolveGoogleCredentials(ctx, cloudkms.CloudkmsScope)
		if err != nil {
			return nil, fmt.Errorf("missing google credentials: %w", err)
		}

		kmsClient, _, err := gcpkms.Dial(ctx, credentials.TokenSource)
		if err != nil {
			return nil, fmt.Errorf("failed to connect to gcpkms: %w", err)
		}
		opener := gcpkms.URLOpener{
			Client: kmsClient,
		}

		return opener.OpenKeeperURL(ctx, u)
`,
  ),
  leaveOut(operations, '\tcase "cloud":\n\t\treturn CloudOperationsProvider(ops.config, ops.resource)\n'),
  leaveOut(operations, '\tcase "aws":\n\t\treturn AWSOperationsProvider(ctx, ops.config, ops.resource)\n'),
  leaveOut(operations, '\tcase "gcp":\n\t\treturn GCPOperationsProvider(ctx, ops.config, ops.resource)\n'),
  ...["aws", "cloud_aws", "gcp"].map((cloud) => ignore(`operations/operations_${cloud}.go`, "operations")),
];

/**
 * The build makes a part of Pulumi, without the clouds: 1,189 packages instead of 1,686. The sandbox keeps its state in a folder and its
 * secrets by a passphrase.
 */
export const pulumi: Recipe = {
  name: "pulumi",
  version: "3.259.0",
  versionArgs: ["version"],
  release: {
    directory: "pulumi/pulumi/releases/download/v3.259.0",
    archives: { amd64: "pulumi-v3.259.0-linux-x64.tar.gz", arm64: "pulumi-v3.259.0-linux-arm64.tar.gz" },
    checksums: "pulumi-3.259.0-checksums.txt",
  },
  build: {
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // Without it `pulumi version` is empty and the Automation API refuses the program.
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.259.0" },
    cgo: false,
    debianPackages: [],
    minutes: 4,
    adapted: {
      module: "github.com/pulumi/pulumi/pkg/v3@v3.259.0",
      sum: "h1:Zf4wiLmgdhTAyq5dtTVnNY26BjtGrJ85ZQYut2qG6xM=",
      edits: withoutClouds,
    },
  },
};

export const pyroscope: Recipe = {
  name: "pyroscope",
  version: "1.21.1",
  versionArgs: ["--version"],
  release: {
    directory: "grafana/pyroscope/releases/download/v1.21.1",
    archives: { amd64: "pyroscope_1.21.1_linux_amd64.deb", arm64: "pyroscope_1.21.1_linux_arm64.deb" },
    checksums: "checksums.txt",
  },
  build: {
    package: "github.com/grafana/pyroscope/cmd/pyroscope",
    variables: { "github.com/grafana/pyroscope/pkg/util/build.Version": "1.21.1" },
    cgo: false,
    debianPackages: [],
    minutes: 4,
  },
  packaging: {
    module: "github.com/grafana/pyroscope@v1.21.1",
    program: "usr/bin/pyroscope",
    files: [
      {
        name: "pyroscope.service",
        inModule: "tools/packaging/pyroscope.service",
        inPackage: "etc/systemd/system/pyroscope.service",
      },
      { name: "postinstall.sh", inModule: "tools/packaging/postinstall.sh", inPackage: "DEBIAN/postinst" },
      {
        name: "pyroscope.yaml",
        inModule: "cmd/pyroscope/pyroscope.yaml",
        inPackage: "etc/pyroscope/config.yml",
      },
    ],
  },
};

/** Alloy's own replacement of its syntax module is a folder beside it; the released one differs in one function. */
const releasedSyntax: Edit[] = [
  {
    file: "internal/validator/validate.go",
    find: 'optional := typecheck.TryUnwrapBlockAttr(a, "optional", syntax.ValueFromBool(false))',
    replace: 'optional, found := typecheck.TryUnwrapBlockAttr(a, "optional", reflect.Bool)',
  },
  {
    file: "internal/validator/validate.go",
    find: "if optional.Bool() {",
    replace: "if found && optional.Bool() {",
  },
  leaveOut("internal/validator/validate.go", '\t"github.com/grafana/alloy/syntax"\n'),
];

const converter = "internal/converter/converter.go";

/** Without what reads the configurations of other programs: their converters, integrations and service discoveries. */
const onlyAlloy: Edit[] = [
  leaveOut("main.go", '\t_ "github.com/grafana/loki/v3/clients/pkg/promtail/discovery/consulagent"\n'),
  leaveOut("main.go", '\t_ "github.com/prometheus/prometheus/discovery/install"\n'),
  leaveOut("main.go", '\t_ "github.com/grafana/alloy/internal/static/integrations/install"\n'),
  ...["otelcol", "prometheus", "promtail", "static"].map((kind) =>
    leaveOut(converter, `\t"github.com/grafana/alloy/internal/converter/internal/${kind}convert"\n`),
  ),
  ...["OtelCol", "Prometheus", "Promtail", "Static"].map((kind) =>
    leaveOut(
      converter,
      `\tcase Input${kind}:\n\t\treturn ${kind.toLowerCase()}convert.Convert(in, extraArgs)\n`,
    ),
  ),
];

/**
 * The build makes a part of Alloy, because all of it takes three times as long and two and a half times the disk. It has
 * the components that `alloy/all.go` lists, and every command except `convert`.
 */
export const alloy: Recipe = {
  name: "alloy",
  version: "1.10.0",
  versionArgs: ["--version"],
  release: {
    directory: "grafana/alloy/releases/download/v1.10.0",
    archives: { amd64: "alloy-1.10.0-1.amd64.deb", arm64: "alloy-1.10.0-1.arm64.deb" },
    checksums: "SHA256SUMS",
  },
  build: {
    package: "github.com/grafana/alloy",
    // Without promtail_journal_enabled the journal source is a stub.
    tags: "netgo promtail_journal_enabled",
    variables: { "github.com/grafana/alloy/internal/build.Version": "v1.10.0" },
    cgo: true,
    debianPackages: ["gcc", "libc6-dev", "libsystemd-dev"],
    minutes: 4,
    adapted: {
      module: "github.com/grafana/alloy@v1.10.0",
      sum: "h1:rRzRgNlIT8Bw1dRcGiWjN/RJSbq48/YHkTqPOxndx/k=",
      edits: [...releasedSyntax, ...onlyAlloy],
      files: { "internal/component/all/all.go": "all.go" },
    },
  },
  packaging: {
    module: "github.com/grafana/alloy@v1.10.0",
    program: "usr/bin/alloy",
    files: [
      {
        name: "deb/alloy.service",
        inModule: "packaging/deb/alloy.service",
        inPackage: "usr/lib/systemd/system/alloy.service",
      },
      {
        name: "deb/control/postinst",
        inModule: "packaging/deb/control/postinst",
        inPackage: "DEBIAN/postinst",
      },
      { name: "deb/control/prerm", inModule: "packaging/deb/control/prerm", inPackage: "DEBIAN/prerm" },
      { name: "config.alloy", inModule: "packaging/config.alloy", inPackage: "etc/alloy/config.alloy" },
      { name: "environment-file", inModule: "packaging/environment-file", inPackage: "etc/default/alloy" },
    ],
  },
};

/** Checks workflow files; only tests use it. Its release is an archive of another shape. */
export const actionlint: Recipe = {
  name: "actionlint",
  version: "1.7.12",
  versionArgs: ["-version"],
  build: {
    package: "github.com/rhysd/actionlint/cmd/actionlint",
    variables: { "github.com/rhysd/actionlint.version": "1.7.12" },
    cgo: false,
    debianPackages: [],
    minutes: 1,
  },
};

/** An object storage (S3) on folders; only the tests of one use it. Its release is an archive of another shape. */
export const versitygw: Recipe = {
  name: "versitygw",
  version: "1.8.0",
  versionArgs: ["--version"],
  build: {
    package: "github.com/versity/versitygw/cmd/versitygw",
    variables: { "main.Version": "v1.8.0" },
    cgo: false,
    debianPackages: [],
    minutes: 3,
  },
};
