"""Docks and what is missing, in a real browser: what is under way moves, a loss is explained, every size is usable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect
from tests.browser.live import people

from candor.docking.axis.connecting import connection, new_connection
from candor.docking.progress import receiving
from candor.fleet.reports import Report, note_reports
from candor.fleet.service import register_device

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What cameras would reach the site under."""
    certificate = tmp_path_factory.mktemp("door") / "door.pem"
    certificate.write_bytes(_certificate())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_DOCK_URL", "https://docks.example")
        patch.setenv("CANDOR_DOCK_TLS_CERTIFICATE", str(certificate))
        yield


@pytest.fixture(scope="module")
def docked(door: None, fresh_site: Any) -> Any:
    """A site with a camera system, and a camera with a loss of each kind."""
    people(fresh_site)
    here, technician = fresh_site.here, fresh_site.accounts["technician"]
    begin = here.clock.now() - timedelta(hours=8)
    with here.database.write() as tx:
        made = new_connection(tx, here.vault, technician, "Front desk", clock=here.clock)
        fresh_site.dock_id = connection(tx, made).dock_id
        fresh_site.camera = register_device(tx, technician, "B8A44F01", "body", clock=here.clock)
        reports = [
            Report("axis", "a", begin, begin + timedelta(minutes=20)),
            Report("axis", "b", begin + timedelta(hours=1), begin + timedelta(minutes=63), reason="battery"),
            Report("card:x", "1", begin + timedelta(hours=2), begin + timedelta(minutes=121), counter=4),
            Report("card:x", "2", begin + timedelta(hours=3), begin + timedelta(minutes=181), counter=7),
            Report("axis", "c", sha256=bytes(32)),
        ]
        note_reports(tx, fresh_site.camera, reports, clock=here.clock)
    return fresh_site


@pytest.mark.long
def test_pages_at_every_size(visit: Any, docked: Any, at_every_size: Any) -> None:
    page = visit(docked, "technician", width=360).page
    stretch = "what=stretch&begin=2026-11-20T18:00:00Z&end=2026-11-20T18:01:00Z"
    with receiving("axis", docked.dock_id, "20261122T101500Z_ab12.mkv", 4_000_000) as told:
        told(1_000_000)
        for path in (
            "/docks",
            "/docks/transfers",
            f"/docks/{docked.dock_id}",
            "/docks/axis/new",
            "/reconciliation",
            f"/reconciliation/{docked.camera}",
            f"/reconciliation/{docked.camera}?{stretch}",
        ):
            page.goto(docked.url + path)
            at_every_size(page)


def test_what_is_received_moves_without_reloading(visit: Any, docked: Any) -> None:
    page = visit(docked, "technician").page
    page.goto(f"{docked.url}/docks/transfers")
    expect(page.get_by_text("Nothing is on its way")).to_be_visible()
    with receiving("axis", docked.dock_id, "clip_7.mkv", 8_000_000) as told:
        told(2_000_000)
        row = page.locator("tr", has_text="clip_7.mkv")
        expect(row).to_contain_text("2.00 MB / 8.00 MB", timeout=10_000)
        assert row.locator("progress").get_attribute("value") == "0.25"
        told(6_000_000)
        expect(row).to_contain_text("6.00 MB / 8.00 MB", timeout=10_000)
    expect(page.get_by_text("Nothing is on its way")).to_be_visible(timeout=10_000)


def test_a_connection_is_made_and_its_file_downloaded_once(visit: Any, docked: Any, tmp_path: Path) -> None:
    page = visit(docked, "technician").page
    page.goto(f"{docked.url}/docks")
    page.get_by_role("link", name="Axis camera system").first.click()
    page.get_by_label("Name").fill("Troop H")
    page.get_by_label("Let cameras encrypt").check()
    page.get_by_role("button", name="Make the connection").click()
    expect(page.get_by_role("heading", name="Troop H")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Make and download the file").click()
    assert download.value.suggested_filename.startswith("connection-troop-h-")
    file = tmp_path / "connection.json"
    download.value.save_as(file)
    found = json.loads(file.read_text())
    assert found["AuthenticationTokenURI"] == ["https://docks.example/auth/v1.0"]
    assert found["PublicKey"]
    page.reload()
    expect(page.get_by_text("1 key of this connection is valid now")).to_be_visible()
    expect(page.get_by_text(found["BlobAPIKey"])).to_have_count(0)


def test_a_loss_is_found_from_the_docks_and_explained(visit: Any, docked: Any, tmp_path: Path) -> None:
    page = visit(docked, "technician").page
    page.goto(f"{docked.url}/docks")
    expect(page.locator("#loss")).to_contain_text("25:00")
    page.get_by_role("link", name="Compare camera by camera").click()
    expect(page.get_by_text("1 camera with a loss")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / "loss.csv"
    download.value.save_as(file)
    assert "B8A44F01" in file.read_text()
    page.get_by_role("link", name="B8A44F01", exact=True).first.click()
    row = page.locator("tr", has_text="Nobody knows why").filter(has_text="20:00")
    row.get_by_role("link", name="Explain").click()
    page.get_by_label("Reason").select_option(label="The camera was at fault")
    page.get_by_label("How you know").fill("Report 26-311 of the workshop")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Report 26-311 of the workshop")).to_be_visible()
    expect(
        page.get_by_text("20:00 of what is missing is explained by a person. It stays in the count.")
    ).to_be_visible()
    expect(page.locator(".loss-figures > div", has_text="Missing").first).to_contain_text("25:00")


def _certificate() -> bytes:
    """A certificate of the door, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "docks.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
