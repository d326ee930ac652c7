"""What is seen of requests from outside: numbers, readiness, metrics, the log and its secrets, the system's page."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.core.test_tracing import Collector
from tests.people.place import PASSWORD, make_place
from tests.web.visitor import BASE, Visitor, make_installation

from candor.cli.serve import config
from candor.core import logs, tracing
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody.tables import log_head
from candor.health.examination import CHECKS
from candor.health.place import Place
from candor.health.watch import Watch
from candor.installation import Installation
from candor.people.rules import Role
from candor.web import observing
from candor.web.app import create_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NUMBER = re.compile(r"[0-9a-f-]{36}")
PUBLIC = "http://video.agency.example"


@pytest.fixture
def make_site(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Callable[..., Starlette]:
    """A site as the web server runs it, with some settings."""

    def make(**given: object) -> Starlette:
        here = make_installation(database, fixed_clock, tmp_path, **given)
        here.settings.home.mkdir(exist_ok=True)
        make_place(database, fixed_clock)
        return create_app(here)

    return make


# -- numbers


def test_each_answer_has_a_number_of_its_own(stranger: Visitor) -> None:
    first, second = (stranger.get("/sign-in").headers["x-request-id"] for _ in range(2))
    assert NUMBER.fullmatch(first)
    assert first != second
    assert stranger.get("/nothing").headers["x-request-id"]
    assert stranger.get("/static/css/base.css").headers["x-request-id"]


@pytest.mark.parametrize(
    ("settings", "peer", "given", "taken"),
    [
        ({"public_url": PUBLIC}, "127.0.0.1", "from-the-proxy-1", True),
        ({"public_url": PUBLIC}, "127.0.0.1", "short", False),
        ({"public_url": PUBLIC}, "127.0.0.1", "x" * 65, False),
        ({"public_url": PUBLIC}, "127.0.0.1", "<script>alert(1)</script>", False),
        ({"public_url": PUBLIC}, "192.0.2.50", "from-a-visitor-1", False),
        ({}, "127.0.0.1", "from-a-visitor-1", False),
    ],
)
def test_only_a_trusted_proxys_number_is_taken(
    make_site: Callable[..., Starlette], settings: dict[str, object], peer: str, given: str, taken: bool
) -> None:
    app = make_site(**settings)
    served = config(app, app.state.installation.settings)
    served.load()
    visitor = Visitor(served.loaded_app, peer, PUBLIC if settings else BASE)  # type: ignore[arg-type]
    answer = visitor.get("/sign-in", **{"x-request-id": given, "x-forwarded-for": "198.51.100.9"})
    assert (answer.headers["x-request-id"] == given) is taken


def test_a_page_of_a_fault_shows_the_number(
    app: Starlette, chief: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(type(app.state.installation.log), "status", broken)
    answer = chief.get("/custody")
    number = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert number in answer.text
    assert any(number in record.getMessage() for record in caplog.records)
    answer = chief.get("/custody", accept="application/json")
    assert answer.json()["trace"] == answer.headers["x-request-id"]


# -- alive, ready


def test_alive_says_nothing_else(stranger: Visitor) -> None:
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_names_what_fails_and_tells_more_on_the_machine_itself(make_site: Callable[..., Starlette]) -> None:
    app = make_site()
    here: Installation = app.state.installation
    here.log.settle()
    elsewhere, there = Visitor(app), Visitor(app, "127.0.0.1")
    assert elsewhere.get("/readyz").json() == {"status": "ready", "failing": []}
    assert {one["name"] for one in there.get("/readyz").json()["findings"]} == {"database", "keys", "log", "disk"}
    assert "findings" not in there.get("/readyz", **{"x-forwarded-for": "198.51.100.9"}).json()
    with here.database.write() as tx:
        tx.execute(log_head.update().values(refusal="the tree went backwards"))
    app.state.readiness = observing.readiness_of(Place.of(here))
    answer = elsewhere.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "failing": ["log"]})
    assert "backwards" in there.get("/readyz").text


def test_not_ready_without_the_database(
    make_site: Callable[..., Starlette], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_site()
    file = Path(str(database.url.database))
    database.dispose()
    file.rename(file.with_name("gone"))
    file.parent.rename(file.parent.with_name("gone"))
    answer = Visitor(app).get("/readyz")
    assert answer.status_code == 503
    assert "database" in answer.json()["failing"]
    assert Visitor(app).get("/healthz").status_code == 200


# -- metrics


def test_metrics_are_off_unless_asked_for(stranger: Visitor, app: Starlette) -> None:
    assert Visitor(app, "127.0.0.1").get("/metrics").status_code == 404


def test_metrics_for_the_machine_itself_or_with_the_token(make_site: Callable[..., Starlette]) -> None:
    app = make_site(metrics=True, metrics_token="a-token-of-the-metrics")
    local = Visitor(app, "127.0.0.1")
    assert local.get("/metrics").status_code == 200
    assert local.get("/metrics", **{"x-forwarded-for": "198.51.100.9"}).status_code == 404
    assert local.get("/metrics", host="video.agency.example").status_code in (404, 421)
    elsewhere = Visitor(app)
    assert elsewhere.get("/metrics").status_code == 404
    assert elsewhere.get("/metrics", authorization="Bearer wrong-token-of-metrics").status_code == 404
    answer = elsewhere.get("/metrics", authorization="Bearer a-token-of-the-metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_the_figures(make_site: Callable[..., Starlette]) -> None:
    app = make_site(metrics=True)
    here: Installation = app.state.installation
    here.log.settle()
    watch = Watch(here, checks=[check for check in CHECKS if not check.dear])
    watch.look()
    visitor = Visitor(app)
    visitor.sign_in("chief")
    visitor.get("/accounts/0190-does-not-exist")
    visitor.get("/static/css/base.css")
    visitor.get("/nothing/at/all")
    text = Visitor(app, "127.0.0.1").get("/metrics").text
    figures = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in text.splitlines() if line[:1] != "#"}
    assert figures['candor_http_requests_total{method="GET",route="/accounts/{account_id}",status="4xx"}'] == "1.0"
    assert figures['candor_http_requests_total{method="POST",route="/sign-in",status="3xx"}'] == "1.0"
    assert figures['candor_http_requests_total{method="GET",route="/static/…",status="2xx"}'] == "1.0"
    assert figures['candor_http_requests_total{method="GET",route="(none)",status="4xx"}'] == "1.0"
    assert float(figures['candor_custody_entries{state="signed"}']) > 0
    assert float(figures['candor_disk_free_bytes{place="home"}']) > 0
    assert figures['candor_jobs{state="waiting"}'] == "0.0"
    assert float(figures['candor_health_findings{level="ok"}']) > 3
    assert (figures["candor_up"], figures["candor_watched"]) == ("1.0", "1.0")
    assert "0190-does-not-exist" not in text
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7", text), "an identifier is a label"


# -- the log


@pytest.fixture
def restored() -> Iterator[None]:
    """The root logger as it was; and the web server's without what another test's server gave it."""
    root, server = logging.getLogger(), logging.getLogger("uvicorn")
    before = root.level, list(root.handlers), logging.getLogger(logs.ACCESS).level
    of_server = list(server.handlers), server.propagate
    server.handlers[:], server.propagate = [], True
    yield
    server.handlers[:], server.propagate = of_server
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.getLogger(logs.ACCESS).setLevel(before[2])


def test_no_secret_reaches_the_log(
    make_site: Callable[..., Starlette],
    restored: None,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Signing in well and badly, an upload, a search, faults, a failing statement: then every secret is looked for."""
    app = make_site(metrics=True, metrics_token="metrics-secret-0123", s3_secret_key="s3-secret-0123456")
    here: Installation = app.state.installation
    logs.set_up(here.settings.model_copy(update={"log_format": "json", "log_level": "debug"}))
    # The browser of these tests is in the same process and writes down whatever it asks for.
    monkeypatch.setattr(logging.getLogger("httpx2"), "level", logging.WARNING)
    visitor = Visitor(app)
    visitor.sign_in("chief", "a wrong quiet secret")
    assert visitor.sign_in("chief").status_code == 303
    csrf = visitor.token()
    visitor.get("/accounts?text=searched-for-a-name")
    visitor.post("/accounts", {"sign_in_name": "new", "password": "another quiet secret", "role": "officer"})
    Visitor(app).get("/metrics", authorization="Bearer metrics-secret-0123")
    Visitor(app).get("/metrics", authorization="Bearer cnd_0123_programs-secret")

    def broken(*_: object) -> None:
        raise RuntimeError(f"cookie: {dict(visitor.client.cookies)} s3-secret-0123456 password={PASSWORD!r}")

    monkeypatch.setattr(type(here.log), "status", broken)
    assert visitor.get("/custody").status_code == 500
    with pytest.raises(Exception, match="UNIQUE") as failed, here.database.write() as tx:
        for _ in range(2):
            tx.exec_driver_sql(
                "INSERT INTO unit (id, name, created_at) VALUES (?, ?, 0)", ("same-id", "statement-secret")
            )
    logging.getLogger("candor.x").error("a statement failed", exc_info=failed.value)
    written = capfd.readouterr().err
    secrets = {
        PASSWORD,
        "a wrong quiet secret",
        "another quiet secret",
        "metrics-secret-0123",
        "programs-secret",
        "s3-secret-0123456",
        "statement-secret",
        "searched-for-a-name",
        csrf,
        *visitor.client.cookies.values(),
    }
    assert len(secrets) > 9
    assert [secret for secret in secrets if secret in written] == []
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    access = [line for line in lines if line["logger"] == logs.ACCESS]
    assert {"/sign-in", "/accounts", "/custody"} <= {line["route"] for line in access}
    custody = next(line for line in access if line["route"] == "/custody")
    assert (custody["method"], custody["status"], custody["address"]) == ("GET", 500, "192.0.2.7")
    assert len(custody["actor"]) == 36
    trace = next(line for line in lines if "broken" in line.get("trace", ""))
    assert trace["request"] == custody["request"]


def test_the_web_servers_own_loggers_follow(app: Starlette, restored: None, capfd: pytest.CaptureFixture[str]) -> None:
    here: Installation = app.state.installation
    logs.set_up(here.settings.model_copy(update={"log_format": "json"}))
    config(app, here.settings).load()
    logging.getLogger("uvicorn.error").error("from the web server")
    assert json.loads(capfd.readouterr().err)["message"] == "from the web server"


# -- traces


def test_a_request_and_its_intake_are_one_trace(
    app: Starlette, signed_in: Callable[..., Visitor], tmp_path: Path
) -> None:
    collector = Collector()
    technician = signed_in("tess", Role.EVIDENCE_TECHNICIAN)
    try:
        here: Installation = app.state.installation
        tracing.set_up(here.settings.model_copy(update={"otlp_endpoint": collector.url}))
        answer = technician.upload("name=notes.mp4&wearer=", b"not a film at all")
        assert answer.status_code == 201, answer.text
        tracing.shut_down()
    finally:
        tracing.shut_down()
        collector.close()
    request, intake = collector.named("POST /upload/tus"), collector.named("intake")
    assert intake.trace_id == request.trace_id
    noted = {one.key: one.value.string_value for one in request.attributes}
    assert noted["candor.request.id"] == answer.headers["x-request-id"]
    assert "notes.mp4" not in str(collector.spans)
