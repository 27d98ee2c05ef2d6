//! Spans of the work, as OTLP over HTTP.

use std::fmt::Display;

use opentelemetry::trace::{SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{OTEL_EXPORTER_OTLP_ENDPOINT, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::profiling::Failure;

/// Begins traces; without anybody to send them to, none.
pub struct Spans {
    tracer: Option<SdkTracer>,
}

impl Spans {
    /// Sends in the background to where the variable `OTEL_EXPORTER_OTLP_ENDPOINT` says. That nobody takes them is no
    /// reason to stop working, or to complain. Not to be called in an asynchronous context.
    pub fn from_environment(service: &str) -> Result<Self, Failure> {
        if std::env::var_os(OTEL_EXPORTER_OTLP_ENDPOINT).is_none_or(|endpoint| endpoint.is_empty()) {
            return Ok(Self::none());
        }
        let exporter = SpanExporter::builder().with_http().build()?;
        let resource = Resource::builder().with_service_name(service.to_owned()).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Self { tracer: Some(provider.tracer(env!("CARGO_PKG_NAME"))) })
    }

    pub fn none() -> Self {
        Self { tracer: None }
    }

    /// Begins a trace with the span of something that comes from outside; it ends when it is dropped.
    pub fn begin(&self, name: &'static str) -> Trace<'_> {
        Trace(self.tracer.as_ref().map(|tracer| {
            let span = tracer.span_builder(name).with_kind(SpanKind::Consumer).start(tracer);
            (tracer, Context::new().with_span(span))
        }))
    }
}

/// A trace that goes on, or nothing where there is none.
pub struct Trace<'a>(Option<(&'a SdkTracer, Context)>);

impl Trace<'_> {
    pub fn none() -> Self {
        Self(None)
    }

    /// Does a part of the work in a span of its own.
    pub fn span<T>(&self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let _span = self.0.as_ref().map(|(tracer, parent)| tracer.start_with_context(name, parent));
        work()
    }

    pub fn set(&self, attribute: &'static str, value: impl Display) {
        if let Some((_, context)) = &self.0 {
            context.span().set_attribute(KeyValue::new(attribute, value.to_string()));
        }
    }

    pub fn fail(&self, problem: &impl Display) {
        if let Some((_, context)) = &self.0 {
            context.span().set_status(Status::error(problem.to_string()));
        }
    }

    /// What a log line ends with, so that the trace can be found from there: ` trace_id=...`, or nothing.
    pub fn suffix(&self) -> String {
        let id =
            |(_, context): &(_, Context)| format!(" trace_id={}", context.span().span_context().trace_id());
        self.0.as_ref().map(id).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_sdk::trace::InMemorySpanExporter;

    #[test]
    fn without_an_endpoint_there_are_none_and_the_work_is_done() {
        let trace = Spans::none().begin("receive packet").suffix();
        assert_eq!(trace, "");
        assert_eq!(Trace::none().span("match flight", || 7), 7);
    }

    #[test]
    fn a_part_is_a_child_and_the_log_names_the_trace() {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let spans = Spans { tracer: Some(provider.tracer("test")) };
        let trace = spans.begin("receive packet");
        trace.span("match flight", || ());
        trace.fail(&"no valid time");
        let suffix = trace.suffix();
        drop(trace);
        let [child, parent] = exporter.get_finished_spans().unwrap().try_into().unwrap();
        assert_eq!((&*child.name, &*parent.name), ("match flight", "receive packet"));
        assert_eq!(child.parent_span_id, parent.span_context.span_id());
        assert_eq!(parent.status, Status::error("no valid time"));
        assert_eq!(suffix, format!(" trace_id={}", parent.span_context.trace_id()));
    }
}
