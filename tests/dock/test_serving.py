"""The door itself: TLS, other programs at `/tus`, who is let in."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import http.client
import ipaddress
import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.dock.conftest import OPERATOR, Door
from tests.footage.clips import mp4
from tests.people.place import Place
from tests.simulators.axis_controller import Controller, fleet

from candor.core.clock import FixedClock
from candor.custody import Event
from candor.custody.record import recent
from candor.dock import serving
from candor.dock.serving import DockServer, DoorPortTaken, DoorTlsWrong
from candor.docking import axis, credentials
from candor.docking.axis.errors import ConnectionEnded, ConnectionFileUnusable, ConnectionUnknown
from candor.docking.errors import CredentialUnknown, DockClosed
from candor.fleet import places
from candor.installation import Installation
from candor.people.errors import Refused
from candor.people.rules import Role


def make_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dock.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "door.crt", folder / "door.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return certificate, secret


def test_cameras_come_over_tls_with_the_certificate_of_the_connection_file(
    installation: Installation, place: Place, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    given = {"dock_tls_certificate": certificate, "dock_tls_key": key}
    here = replace(installation, settings=installation.settings.model_copy(update=given))
    server = DockServer(here)
    server.start()
    try:
        assert server.address == f"https://127.0.0.1:{server.port}"
        with here.database.write() as tx:
            made = axis.new_connection(tx, here.vault, OPERATOR, "North", container_type="mp4", clock=here.clock)
            settings = here.settings.model_copy(update={"dock_port": server.port})
            file = json.loads(axis.connection_file(tx, OPERATOR, made, settings=settings, clock=here.clock))
        assert base64.b64decode(file["HTTPSCertificate"][0]) == certificate.read_bytes()
        controller = Controller(file)
        assert controller.hand_over_all(fleet(2, 1, lambda camera, _: mp4(seed=camera))) == 2, controller.failures
    finally:
        server.stop()


def test_a_certificate_or_a_port_that_cannot_be_used_is_said_plainly(
    installation: Installation, place: Place, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    key.write_text("not a key")
    given = {"dock_tls_certificate": certificate, "dock_tls_key": key}
    with pytest.raises(DoorTlsWrong):
        DockServer(replace(installation, settings=installation.settings.model_copy(update=given)))
    server = DockServer(installation)
    taken = {"dock_port": server.port}
    with pytest.raises(DoorPortTaken):
        DockServer(replace(installation, settings=installation.settings.model_copy(update=taken)))
    server.stop()


def test_a_program_sends_by_tus_with_its_docks_credential(door: Door, fixed_clock: FixedClock) -> None:
    here = door.installation
    with here.database.write() as tx:
        dock = places.create_dock(tx, OPERATOR, "Export machine", kind="tus", clock=fixed_clock)
        user, key = credentials.new_credential(tx, OPERATOR, dock, clock=fixed_clock)
    film = mp4(seed=3)
    line = http.client.HTTPConnection("127.0.0.1", door.server.port, timeout=30)
    name = base64.b64encode(b"film.mp4").decode()
    begin = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(film)), "Upload-Metadata": f"filename {name}"}
    for wrong in ({}, {"Authorization": "Basic !!"}, basic(user, "wrong"), basic("nobody", key)):
        line.request("POST", "/tus", headers={**begin, **wrong})
        response = line.getresponse()
        response.read()
        assert response.status == 401
        assert response.getheader("www-authenticate", "").startswith("Basic")
    line.request("POST", "/tus", headers={**begin, **basic(user, key)})
    response = line.getresponse()
    assert response.status == 201, response.read()
    response.read()
    where = response.getheader("location") or ""
    where = where[where.index("/tus") :]
    piece = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    line.request("PATCH", where, body=film, headers={**piece, "Authorization": f"Bearer {user}.{key}"})
    response = line.getresponse()
    assert response.status == 204, response.read()
    response.read()
    line.request("GET", where, headers=basic(user, key))
    told = json.loads(line.getresponse().read())
    assert told["sha256"] == hashlib.sha256(film).hexdigest()
    line.close()
    (one,) = door.recordings()
    assert door.content(door.parts(one.id)[0].object_id) == film


def basic(user: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


def test_one_address_cannot_hold_every_connection(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_OF_ONE_ADDRESS", 3)
    lines = [socket.create_connection(("127.0.0.1", door.server.port), timeout=30) for _ in range(3)]
    for line in lines:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: dock\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=30) as one_more:
        assert one_more.recv(100) == b""
    lines.pop().close()
    deadline = time.monotonic() + 20
    while True:
        address = ("127.0.0.1", door.server.port)
        with socket.create_connection(address, timeout=30) as again, contextlib.suppress(OSError):
            again.sendall(b"GET /healthz HTTP/1.1\r\nHost: dock\r\n\r\n")
            if again.recv(100).startswith(b"HTTP/1.1 200"):
                break
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for line in lines:
        line.close()


def test_credentials_open_their_dock_until_they_are_revoked(installation: Installation, place: Place) -> None:
    here = installation
    with here.database.write() as tx:
        dock = places.create_dock(tx, OPERATOR, "North", kind="tus", clock=here.clock)
        first = credentials.new_credential(tx, OPERATOR, dock, clock=here.clock)
        second = credentials.new_credential(tx, OPERATOR, dock, clock=here.clock)
        found = credentials.check_credential(tx, *first)
        assert found is not None
        assert found.dock_id == dock
        assert credentials.check_credential(tx, first[0], second[1]) is None
        assert credentials.why_not(tx, first[0], second[1]) == ("wrong-key", found.id)
        assert credentials.why_not(tx, "nobody", second[1]) == ("unknown", None)
        assert credentials.revoke_credential(tx, OPERATOR, found.id, clock=here.clock)
        assert not credentials.revoke_credential(tx, OPERATOR, found.id, clock=here.clock)
        assert credentials.why_not(tx, *first) == ("revoked", found.id)
        assert credentials.check_credential(tx, *second) is not None
        places.close_dock(tx, OPERATOR, dock, clock=here.clock)
        assert credentials.why_not(tx, *second)[0] == "dock-closed"
        with pytest.raises(DockClosed):
            credentials.new_credential(tx, OPERATOR, dock, clock=here.clock)
        with pytest.raises(CredentialUnknown):
            credentials.revoke_credential(tx, OPERATOR, "nothing", clock=here.clock)


def test_what_is_turned_away_often_is_an_event_at_each_doubling(installation: Installation, place: Place) -> None:
    for _ in range(9):
        with installation.database.write() as tx:
            credentials.turned_away(tx, None, "unknown", "192.0.2.1", clock=installation.clock)
    with installation.database.read() as tx:
        times = [event.details["times_today"] for event in recent(tx, kinds=[Event.DOCK_CREDENTIAL_REFUSED])]
    assert times == [8, 4, 2, 1]


def test_only_who_manages_docks_makes_connections(installation: Installation, place: Place) -> None:
    officer = place.add("reyes", Role.OFFICER)
    with installation.database.write() as tx, pytest.raises(Refused):
        axis.new_connection(tx, installation.vault, officer, "North", clock=installation.clock)


def test_a_connection_file_is_as_the_maker_has_it(installation: Installation, place: Place) -> None:
    here = installation
    settings = here.settings.model_copy(update={"dock_port": 8643, "dock_url": None})
    with here.database.write() as tx:
        made = axis.new_connection(tx, here.vault, OPERATOR, "North " + "é" * 60, encrypted=True, clock=here.clock)
        first = json.loads(axis.connection_file(tx, OPERATOR, made, settings=settings, clock=here.clock))
        second = json.loads(axis.connection_file(tx, OPERATOR, made, settings=settings, clock=here.clock))
    assert first["AuthenticationTokenURI"] == ["http://127.0.0.1:8643/auth/v1.0"]
    assert first["ConnectionFileVersion"] == "1.0"
    assert (first["ContainerType"], first["WantEncryption"], first["FullStoreAndReadSupport"]) == ("mkv", True, False)
    assert first["PublicKeyId"] == second["PublicKeyId"]
    assert len(first["PublicKey"]) <= 2048
    assert "HTTPSCertificate" not in first
    assert first["BlobAPIKey"] != second["BlobAPIKey"]
    for name, longest in (("SiteName", 64), ("ApplicationName", 256), ("BlobAPIKey", 64), ("BlobAPIUserName", 64)):
        assert 0 < len(first[name].encode()) <= longest
    with here.database.write() as tx:
        (one,) = axis.connections(tx)
        assert axis.revoke_older_keys(tx, OPERATOR, one.id, clock=here.clock) == 1
        live = [key.user_name for key in credentials.credentials_of(tx, one.dock_id) if not key.revoked_at]
        assert live == [second["BlobAPIUserName"]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dock_port": None}, "CANDOR_DOCK_PORT"),
        ({"dock_port": 1, "dock_host": "0.0.0.0"}, "CANDOR_DOCK_URL"),
        ({"dock_url": "https://dock.example"}, "CANDOR_DOCK_TLS_CERTIFICATE"),
        ({"dock_url": "https://dock.example", "dock_tls_certificate": Path("/nowhere")}, "cannot be read"),
    ],
)
def test_a_connection_file_that_would_lead_nowhere_is_not_made(
    installation: Installation, place: Place, given: dict[str, object], words: str
) -> None:
    settings = installation.settings.model_copy(update=given)
    with installation.database.write() as tx:
        made = axis.new_connection(tx, installation.vault, OPERATOR, "North", clock=installation.clock)
        with pytest.raises(ConnectionFileUnusable, match=words):
            axis.connection_file(tx, OPERATOR, made, settings=settings, clock=installation.clock)
        found = axis.connection(tx, made)
        assert credentials.credentials_of(tx, found.dock_id) == []
        assert axis.revoke_connection(tx, OPERATOR, made, clock=installation.clock)
        assert not axis.revoke_connection(tx, OPERATOR, made, clock=installation.clock)
        with pytest.raises(ConnectionEnded):
            axis.connection_file(tx, OPERATOR, made, settings=installation.settings, clock=installation.clock)
        with pytest.raises(ConnectionUnknown):
            axis.connection_named(tx, "South")
        with pytest.raises(ConnectionFileUnusable):
            axis.new_connection(tx, installation.vault, OPERATOR, "W", container_type="avi", clock=installation.clock)


def test_a_capability_once_declared_stays(installation: Installation, place: Place) -> None:
    from candor.docking.axis import entries as axis_entries
    from candor.docking.axis.tables import axis_connection

    with installation.database.write() as tx:
        made = axis.new_connection(tx, installation.vault, OPERATOR, "North", clock=installation.clock)
        older = {"Store": {"StoreSomethingOlder": True}, "Read": {}}
        tx.execute(axis_connection.update().values(capabilities=older))
        body, _ = axis_entries.system_document(tx, made, "Capabilities.json")
    found = json.loads(body)
    assert found["Store"]["StoreSomethingOlder"] is True
    assert found["Store"]["StoreBookmarks"] is True
    assert found["Read"]["ReadCategories"] is True
