import type { Recipe } from "./recipe";

/** Where the other signals of the profiled services go: servers that the stack finds on a host and does not install. */
export const loki: Recipe = {
  name: "loki",
  version: "3.7.8",
  versionArgs: ["--version"],
  release: {
    directory: "grafana/loki/releases/download/v3.7.8",
    archives: { amd64: "loki_3.7.8_amd64.deb", arm64: "loki_3.7.8_arm64.deb" },
    checksums: "SHA256SUMS",
  },
  build: {
    package: "github.com/grafana/loki/v3/cmd/loki",
    variables: { "github.com/grafana/loki/v3/pkg/util/build.Version": "3.7.8" },
    cgo: false,
    debianPackages: [],
    minutes: 5,
  },
  packaging: {
    module: "github.com/grafana/loki/v3@v3.7.8",
    program: "usr/bin/loki",
    files: [
      {
        name: "loki.service",
        inModule: "tools/packaging/loki.service",
        inPackage: "etc/systemd/system/loki.service",
      },
      {
        name: "postinstall.sh",
        inModule: "tools/packaging/loki-postinstall.sh",
        inPackage: "DEBIAN/postinst",
      },
    ],
  },
};

/** The last one that can be built from what the module proxies serve. */
export const tempo: Recipe = {
  name: "tempo",
  version: "1.5.0",
  versionArgs: ["--version"],
  release: {
    directory: "grafana/tempo/releases/download/v1.5.0",
    archives: { amd64: "tempo_1.5.0_linux_amd64.deb", arm64: "tempo_1.5.0_linux_arm64.deb" },
    checksums: "SHA256SUMS",
  },
  build: {
    package: "github.com/grafana/tempo/cmd/tempo",
    variables: { "main.Version": "1.5.0" },
    // A dependency refers to private symbols of the standard library.
    linkerFlags: ["-checklinkname=0"],
    cgo: false,
    debianPackages: [],
    minutes: 3,
    // Since Go 1.21 gRPC's own codec would be registered after Tempo's, in whose place it fails on every span.
    adapted: {
      module: "github.com/grafana/tempo@v1.5.0",
      sum: "h1:JSwulLVtXvUw2MyuUPcvRg3MJiwTUs5XWnbG6fOKatc=",
      edits: [
        {
          file: "pkg/gogocodec/gogocodec.go",
          find: '\t"google.golang.org/grpc/encoding"\n',
          replace:
            '\t"google.golang.org/grpc/encoding"\n\t_ "google.golang.org/grpc/encoding/proto" // registered first\n',
        },
      ],
    },
  },
  packaging: {
    module: "github.com/grafana/tempo@v1.5.0",
    program: "usr/bin/tempo",
    files: [
      {
        name: "tempo.service",
        inModule: "tools/packaging/tempo.service",
        inPackage: "etc/systemd/system/tempo.service",
      },
      {
        name: "postinstall.sh",
        inModule: "tools/packaging/tempo-postinstall.sh",
        inPackage: "DEBIAN/postinst",
      },
    ],
  },
};

/** The HTTP API only: the module has no built web pages. */
export const grafana: Recipe = {
  name: "grafana",
  version: "10.0.0",
  versionArgs: ["--version"],
  build: {
    package: "github.com/grafana/grafana/pkg/cmd/grafana",
    variables: { "main.version": "10.0.0" },
    // A dependency refers to private symbols of the standard library.
    linkerFlags: ["-checklinkname=0"],
    // For its SQLite.
    cgo: true,
    debianPackages: ["gcc", "libc6-dev"],
    minutes: 10,
    // The code of its dependency injection is not in the module.
    adapted: {
      module: "github.com/grafana/grafana@v1.9.2-0.20230609164553-81d85ce8028d",
      sum: "h1:nEQOIzFVY/zsD915THCfkl+HIvGW+AounbAQ61ejFcs=",
      edits: [],
    },
    generate: ["tool", "wire", "gen", "-tags", "oss", "github.com/grafana/grafana/pkg/server"],
    data: ["conf", "public"],
  },
};

/** In the order in which they are made. */
export const backendNames = ["loki", "tempo", "grafana"] as const;
export type BackendName = (typeof backendNames)[number];

export const backends: Readonly<Record<BackendName, Recipe>> = { loki, tempo, grafana };
