// Package all stands in place of Alloy's own, which imports every component. These are the components that the stack
// configures, and those that a fragment would likely use with them: what reads files, journals, profiles, metrics and
// OTLP, what changes it, and what sends it on. Not here is what is for other systems: clouds, Kubernetes, databases, queues.
package all

import (
	_ "github.com/grafana/alloy/internal/component/discovery/file"
	_ "github.com/grafana/alloy/internal/component/discovery/http"
	_ "github.com/grafana/alloy/internal/component/discovery/process"
	_ "github.com/grafana/alloy/internal/component/discovery/relabel"
	_ "github.com/grafana/alloy/internal/component/local/file"
	_ "github.com/grafana/alloy/internal/component/local/file_match"
	_ "github.com/grafana/alloy/internal/component/loki/echo"
	_ "github.com/grafana/alloy/internal/component/loki/process"
	_ "github.com/grafana/alloy/internal/component/loki/relabel"
	_ "github.com/grafana/alloy/internal/component/loki/source/api"
	_ "github.com/grafana/alloy/internal/component/loki/source/file"
	_ "github.com/grafana/alloy/internal/component/loki/source/journal"
	_ "github.com/grafana/alloy/internal/component/loki/write"
	_ "github.com/grafana/alloy/internal/component/otelcol/auth/basic"
	_ "github.com/grafana/alloy/internal/component/otelcol/auth/bearer"
	_ "github.com/grafana/alloy/internal/component/otelcol/auth/headers"
	_ "github.com/grafana/alloy/internal/component/otelcol/auth/oauth2"
	_ "github.com/grafana/alloy/internal/component/otelcol/exporter/debug"
	_ "github.com/grafana/alloy/internal/component/otelcol/exporter/loki"
	_ "github.com/grafana/alloy/internal/component/otelcol/exporter/otlp"
	_ "github.com/grafana/alloy/internal/component/otelcol/exporter/otlphttp"
	_ "github.com/grafana/alloy/internal/component/otelcol/processor/attributes"
	_ "github.com/grafana/alloy/internal/component/otelcol/processor/batch"
	_ "github.com/grafana/alloy/internal/component/otelcol/processor/filter"
	_ "github.com/grafana/alloy/internal/component/otelcol/processor/memorylimiter"
	_ "github.com/grafana/alloy/internal/component/otelcol/processor/transform"
	_ "github.com/grafana/alloy/internal/component/otelcol/receiver/otlp"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/self"
	_ "github.com/grafana/alloy/internal/component/prometheus/exporter/unix"
	_ "github.com/grafana/alloy/internal/component/prometheus/relabel"
	_ "github.com/grafana/alloy/internal/component/prometheus/remotewrite"
	_ "github.com/grafana/alloy/internal/component/prometheus/scrape"
	_ "github.com/grafana/alloy/internal/component/pyroscope/receive_http"
	_ "github.com/grafana/alloy/internal/component/pyroscope/relabel"
	_ "github.com/grafana/alloy/internal/component/pyroscope/scrape"
	_ "github.com/grafana/alloy/internal/component/pyroscope/write"

	// As in Alloy's own: without it, feature gates that are registered twice end the program.
	_ "github.com/grafana/alloy/internal/util/otelfeaturegatefix"
)
