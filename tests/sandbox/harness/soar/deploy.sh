#!/bin/sh
# What SOAR's deploy does at each push: it writes the files whole, and restarts what reads them.
set -eu

cat >/etc/pyroscope/config.yml <<'END'
pyroscopedb:
  data_path: /var/lib/pyroscope
END

cat >/etc/alloy/config.alloy <<'END'
otelcol.receiver.otlp "default" {
	http {
		endpoint = "127.0.0.1:4318"
	}
	output {
		logs   = [otelcol.processor.filter.severity.input]
		traces = [otelcol.exporter.otlphttp.tempo.input]
	}
}

otelcol.processor.filter "severity" {
	error_mode = "ignore"
	logs {
		log_record = ["severity_number < SEVERITY_NUMBER_INFO"]
	}
	output {
		logs = [otelcol.exporter.loki.default.input]
	}
}

otelcol.exporter.loki "default" {
	forward_to = [loki.write.default.receiver]
}

loki.write "default" {
	endpoint {
		url = "http://127.0.0.1:3100/loki/api/v1/push"
	}
}

otelcol.exporter.otlphttp "tempo" {
	client {
		endpoint = "http://127.0.0.1:4320"
	}
}

pyroscope.scrape "soar" {
	targets = [
		{ "__address__" = "127.0.0.1:9091", "service_name" = "soar-run", "environment" = "production" },
		{ "__address__" = "127.0.0.1:9093", "service_name" = "soar-ingest", "environment" = "production" },
	]
	scrape_interval = "6s"
	delta_profiling_duration = "4s"
	forward_to      = [pyroscope.write.default.receiver]
	profiling_config {
		profile.process_cpu {
			enabled = true
			delta   = true
		}
		profile.memory {
			enabled = false
		}
		profile.goroutine {
			enabled = false
		}
		profile.block {
			enabled = false
		}
		profile.mutex {
			enabled = false
		}
	}
}

pyroscope.write "default" {
	endpoint {
		url = "http://127.0.0.1:4040"
	}
}
END

job() { # NAME ADDRESS
  cat >"/etc/prometheus/jobs/$1.yml" <<END
scrape_configs:
  - job_name: $1
    static_configs:
      - targets: ["$2"]
        labels: { environment: production }
END
}
job alloy localhost:12345
job pyroscope localhost:4040
job soar-run localhost:9091

systemctl restart pyroscope alloy
systemctl reload prometheus
for url in http://127.0.0.1:4040/ready http://127.0.0.1:12345/-/ready; do
  curl -sS -f -o /dev/null --retry 60 --retry-delay 1 --retry-all-errors "$url" 2>/dev/null
done
