"""Traces (OpenTelemetry) of requests, jobs and intakes, when CANDOR_OTLP_ENDPOINT is set; otherwise nothing at all.

Without an endpoint no library of OpenTelemetry is loaded, no span is made and nothing leaves the machine. Spans hold
templates of routes, names of jobs, sizes, states and the request's id; no names of people, no titles, no addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from candor.core.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Span", "set_up", "shut_down", "span"]

_provider: TracerProvider | None = None

#: What a span may say of itself.
Value = str | int | float | bool
#: Seconds the collector has to take a batch; one that is away costs no more than this at the end.
_PATIENCE = 5


class Span(Protocol):
    """A stretch of work in a trace."""

    def note(self, name: str, value: Value) -> None:
        """Say something of it."""

    def rename(self, name: str) -> None:
        """Give it the name that only now is known."""

    def fail(self, kind: str) -> None:
        """Say that it ended badly, by the kind of the error alone: its words may hold what no trace should."""


class _NoSpan:
    def note(self, name: str, value: Value) -> None:
        return None

    def rename(self, name: str) -> None:
        return None

    def fail(self, kind: str) -> None:
        return None


class _RealSpan:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def note(self, name: str, value: Value) -> None:
        self._inner.set_attribute(name, value)

    def rename(self, name: str) -> None:
        self._inner.update_name(name)

    def fail(self, kind: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self._inner.set_status(Status(StatusCode.ERROR, kind))


_NOTHING = _NoSpan()


def set_up(settings: Settings) -> bool:
    """Send traces to the settings' endpoint from now on; whether there is one. Once more changes nothing."""
    global _provider
    if not settings.otlp_endpoint:
        return False
    if _provider is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from candor import __version__

        address = settings.otlp_endpoint.rstrip("/")
        exporter = OTLPSpanExporter(
            endpoint=address if address.endswith("/v1/traces") else f"{address}/v1/traces", timeout=_PATIENCE
        )
        made = TracerProvider(
            resource=Resource.create({"service.name": "candor", "service.version": __version__}),
            shutdown_on_exit=False,
        )
        made.add_span_processor(BatchSpanProcessor(exporter))
        _provider = made
    return True


def shut_down() -> None:
    """Send what is left and end."""
    global _provider
    provider, _provider = _provider, None
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, values: Mapping[str, Value] | None = None) -> Iterator[Span]:
    """A stretch of work; spans begun inside, in threads of the web's thread pool too, are its children. An exception
    that passes marks it as failed and goes on."""
    if _provider is None:
        yield _NOTHING
        return
    tracer = _provider.get_tracer("candor")
    with tracer.start_as_current_span(
        name, attributes=dict(values or {}), record_exception=False, set_status_on_exception=False
    ) as inner:
        made = _RealSpan(inner)
        try:
            yield made
        except BaseException as error:
            made.fail(type(error).__name__)
            raise
