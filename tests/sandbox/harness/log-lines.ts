const escape = "\u001b";

/**
 * A line as each program writes it, with the level that it says, or `info` where it says none. How they write: tracing-
 * subscriber's `fmt` (full, without time, JSON), env_logger's default format, log4rs's default pattern, slog's handlers.
 */
export const writtenLines: Readonly<Record<string, readonly [line: string, level: string]>> = {
  tracing: ["2026-03-01T12:00:00.123456Z ERROR soar_run::ingest: no database attempt=3", "error"],
  "tracing, a padded level": ["2026-03-01T12:00:00.123456Z  WARN soar_run: late", "warning"],
  "tracing, debug": ["2026-03-01T12:00:00.123456Z DEBUG soar_run: packet bytes=12", "debug"],
  "tracing, trace, in a span": ["2026-03-01T12:00:00.123456Z TRACE match{flight=7}: soar_run: x", "debug"],
  "tracing, in colours": [
    `${escape}[2m2026-03-01T12:00:00.123456Z${escape}[0m ${escape}[31mERROR${escape}[0m ${escape}[2msoar_run${escape}[0m${escape}[2m:${escape}[0m coloured ${escape}[3mtrace_id${escape}[0m${escape}[2m=${escape}[0m4bf92f3577b34da6a3ce929d0e0e4736`,
    "error",
  ],
  "tracing, since the start": ["   0.001234567s  WARN soar_run: early", "warning"],
  "tracing, without time": ["ERROR soar_run::ingest: gone", "error"],
  "tracing, without time, debug": ["DEBUG soar_run{id=1}: gone again", "debug"],
  "tracing, JSON": [
    `{"timestamp":"2026-03-01T12:00:00.1Z","level":"ERROR","fields":{"message":"in JSON"},"target":"soar_run"}`,
    "error",
  ],
  env_logger: ["[2026-03-01T12:00:00Z ERROR soar_run] from env_logger", "error"],
  "env_logger, a padded level": ["[2026-03-01T12:00:00Z WARN  soar_run::a] from env_logger", "warning"],
  "env_logger, without time": ["[DEBUG soar_run] from env_logger", "debug"],
  log4rs: ["2026-03-01T12:00:00.123456789+00:00 ERROR soar_run - from log4rs", "error"],
  "log4rs, JSON": [
    `{"time":"2026-03-01T12:00:00Z","message":"m","level":"WARN","target":"soar_run"}`,
    "warning",
  ],
  "slog, text": [`time=2026-03-01T12:00:00.000Z level=ERROR msg="from slog" path="a b"`, "error"],
  "slog, text, a level between two": [
    `time=2026-03-01T12:00:00.000Z level=WARN+2 msg="from slog"`,
    "warning",
  ],
  "slog, JSON": [`{"time":"2026-03-01T12:00:00Z","level":"ERROR","msg":"from slog","level_of":"x"}`, "error"],
  "slog, JSON, a level between two": [`{"time":"2026-03-01T12:00:00Z","level":"DEBUG-4","msg":"s"}`, "debug"],
  "slog, by default": ["2026/03/01 12:00:00 ERROR from slog path=x", "error"],
  "logrus and go-kit": [`ts=2026-03-01T12:00:00Z caller=a.go:1 level=error msg="it \\" ends"`, "error"],
  "JSON with a small level": [`{"level":"fatal","ts":1.5,"msg":"from zap"}`, "crit"],
  "Rust's panic": ["thread 'main' panicked at src/main.rs:2:5:", "error"],
  "Rust's panic since 1.91": ["thread 'tokio-runtime-worker' (4711) panicked at src/main.rs:2:5:", "error"],
  "an error that main returns": [`Error: Os { code: 2, kind: NotFound }`, "error"],

  "error in a message": ["2026-03-01T12:00:00.123456Z  INFO soar_run: no error, level=error ERROR", "info"],
  "error in text of no form": ["the last ERROR was long ago level=error", "info"],
  "debug in text of no form": ["turned DEBUG off", "info"],
  "a text that begins with such a word": ["DEBUG is off", "info"],
  "an inner level in JSON": [`{"msg":"x \\"level\\":\\"error\\"","fields":{"level":"debug"}}`, "info"],
  "a level in JSON that is a number": [`{"level":50,"msg":"from pino"}`, "info"],
  "a level in JSON that is nothing": [`{"level":null,"msg":"n"}`, "info"],
  "half of JSON": [`{"level":"error`, "info"],
  "a word that is no level": ["level=11 of the lift", "info"],
  "a longer word": ["2026-03-01T12:00:00.123456Z DEBUGGING soar_run: x", "info"],
  "an empty line but for a blank": [" ", "info"],
};
