"""Traces: nothing without an endpoint, and with one they reach a real collector on this machine."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from candor.core import tracing
from candor.core.settings import Settings


class Collector:
    """Takes OTLP over HTTP, as a collector does."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.spans: list[Span] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.paths.append(self.path)
                request = ExportTraceServiceRequest.FromString(body)
                outer.resources = [resource.resource for resource in request.resource_spans]
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        outer.spans += scope.spans
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def named(self, name: str) -> Span:
        """The one span of that name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def close(self) -> None:
        """Stop taking."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on this machine."""
    made = Collector()
    yield made
    tracing.shut_down()
    made.close()


def test_spans_reach_the_collector(collector: Collector, tmp_path: Path) -> None:
    assert tracing.set_up(Settings.load(home=tmp_path / "h", otlp_endpoint=collector.url))
    with tracing.span("request", {"candor.request.id": "r-1"}) as outer:
        outer.rename("GET /recordings/{recording_id}")
        outer.note("http.response.status_code", 503)
        with pytest.raises(ValueError, match="quiet secret"), tracing.span("intake"):
            raise ValueError("quiet secret of a name")
    tracing.shut_down()
    assert collector.paths == ["/v1/traces"]
    request, intake = collector.named("GET /recordings/{recording_id}"), collector.named("intake")
    assert intake.parent_span_id == request.span_id
    assert {one.key: one.value.string_value or one.value.int_value for one in request.attributes} == {
        "candor.request.id": "r-1",
        "http.response.status_code": 503,
    }
    assert (intake.status.code, intake.status.message) == (2, "ValueError")
    assert not any("quiet secret" in str(span) for span in collector.spans), "an error's words are in a trace"


def test_without_an_endpoint_nothing_is_loaded_or_sent(tmp_path: Path) -> None:
    assert not tracing.set_up(Settings.load(home=tmp_path / "h"))
    with tracing.span("request", {"a": 1}) as span:
        span.note("b", 2)
        span.rename("c")
    program = (
        "import sys, candor.web.app, candor.cli.serve; "
        "sys.exit(any(name.split('.')[0] == 'opentelemetry' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_a_collector_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    tracing.set_up(Settings.load(home=tmp_path / "h", otlp_endpoint="http://127.0.0.1:9"))
    try:
        with tracing.span("request"):
            pass
    finally:
        tracing.shut_down()
