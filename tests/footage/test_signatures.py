"""Signatures of cameras, from intake to the custody history: told when a file comes in, checked by a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.footage.clips import mp4
from tests.footage.conftest import Archive
from tests.footage.media.c2pa_signer import with_manifest
from tests.footage.media.onvif_signer import Camera, Identity, flipped, identity, signed
from tests.footage.media.recordings import film

from candor.custody import history
from candor.custody.events import Event
from candor.footage import jobs as footage_jobs
from candor.footage.errors import PartUnknown
from candor.footage.gathering import PartOf, complete
from candor.footage.receipt import Received
from candor.footage.signatures import (
    Signature,
    SignatureState,
    Trust,
    Verdict,
    check_again,
    results_of,
    signatures_of,
    told,
    trust_in,
    verdict_of,
)
from candor.footage.tables import part, part_signature

_WHOLE = {
    "groups_verified": 5,
    "groups_failed": 0,
    "groups_missing": 0,
    "groups_unsigned": 1,
    "signatures_bad": 0,
    "links_broken": 0,
    "slices_outside": 0,
    "slices_between": 0,
    "slices_behind": 20,
    "longest_group": 20,
    "messages_missing": 0,
    "signers": 1,
}


@pytest.fixture(scope="module")
def who() -> Identity:
    return identity()


@pytest.fixture(scope="module")
def recording(who: Identity) -> bytes:
    return signed(film(seconds=4, group=10), Camera(who))


def work(archive: Archive, trust: Path | None = None) -> None:
    footage_jobs.register(archive.jobs, archive.database, archive.vault, clock=archive.clock, trust=trust)
    archive.jobs.launch()
    archive.jobs.wait_idle(120)


def signatures(archive: Archive, received: Received) -> list[Signature]:
    with archive.database.read() as tx:
        return signatures_of(tx, [received.part_id])[received.part_id]


def events(archive: Archive, recording_id: str, kind: Event) -> list[dict[str, Any]]:
    with archive.database.read() as tx:
        return [event.details for event in history(tx, recording_id) if event.kind is kind]


def test_intake_tells_of_signatures_before_anything_is_checked(
    archive: Archive, recording: bytes, who: Identity
) -> None:
    received = archive.worn(recording)
    claimed = [{"kind": "onvif-media-signing", "certificate": who.fingerprint}]
    (came,) = events(archive, received.recording_id, Event.RECORDING_RECEIVED)
    (seal,) = events(archive, received.recording_id, Event.RECORDING_SEALED)
    assert came["signatures"] == claimed
    assert seal["parts"][0]["signatures"] == claimed
    (found,) = signatures(archive, received)
    assert (found.state, found.certificate, found.verdict) == (SignatureState.WAITING, who.fingerprint, None)
    assert found.job_id


def test_unsigned_files_have_nothing_to_check(archive: Archive) -> None:
    received = archive.worn(mp4())
    assert "signatures" not in events(archive, received.recording_id, Event.RECORDING_RECEIVED)[0]
    assert "signatures" not in events(archive, received.recording_id, Event.RECORDING_SEALED)[0]["parts"][0]
    work(archive)
    assert signatures(archive, received) == []
    assert events(archive, received.recording_id, Event.RECORDING_SIGNATURE_CHECKED) == []


def test_the_job_verifies_and_compares_with_the_agencys_roots(
    archive: Archive, recording: bytes, who: Identity, tmp_path: Path
) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "maker.pem").write_text(who.root)
    received = archive.worn(recording)
    work(archive, tmp_path / "trust")
    (found,) = signatures(archive, received)
    assert (found.state, found.verdict, found.trust) == (SignatureState.CHECKED, Verdict.VERIFIED, Trust.TRUSTED)
    assert found.checker == "signatures@1"
    assert found.checked_at == archive.clock.now()
    assert found.details["tracks"][0]["vendor"]["serial"] == "ACCC8E00AA01"
    (event,) = events(archive, received.recording_id, Event.RECORDING_SIGNATURE_CHECKED)
    (result,) = event["results"]
    assert (event["part"], event["checker"]) == (1, "signatures@1")
    assert (result["verdict"], result["trust"], result["certificate"]) == ("verified", "trusted", who.fingerprint)
    assert (result["groups_verified"], result["groups_failed"], result["groups_unsigned"]) == (3, 0, 1)
    assert told(found)["checked_at"].endswith("Z")


def test_a_changed_picture_is_on_record(archive: Archive, recording: bytes) -> None:
    received = archive.worn(flipped(recording, 13))
    work(archive)
    (found,) = signatures(archive, received)
    assert (found.verdict, found.trust) == (Verdict.ALTERED, Trust.NOT_COMPARED)
    (result,) = events(archive, received.recording_id, Event.RECORDING_SIGNATURE_CHECKED)[0]["results"]
    assert (result["groups_verified"], result["groups_failed"]) == (2, 1)


def test_c2pa_is_detected_and_said_not_to_be_verified(archive: Archive) -> None:
    marked, fingerprint = with_manifest(mp4())
    received = archive.worn(marked)
    work(archive)
    (found,) = signatures(archive, received)
    assert (found.kind, found.verdict, found.certificate) == ("c2pa", Verdict.DETECTED, fingerprint)


def test_a_mark_in_the_bytes_alone_is_no_signature(archive: Archive, who: Identity) -> None:
    received = archive.worn(mp4() + b"\x00\x00\x00\x18free" + bytes.fromhex("005bc93f2d715e95ada4796f90877a6f"))
    work(archive)
    (found,) = signatures(archive, received)
    assert (found.state, found.verdict, found.certificate) == (SignatureState.CHECKED, Verdict.ABSENT, None)


def test_checking_again_after_a_root_was_added(
    archive: Archive, recording: bytes, who: Identity, tmp_path: Path
) -> None:
    received = archive.worn(recording)
    roots = tmp_path / "trust"
    work(archive, roots)
    assert signatures(archive, received)[0].trust is Trust.NOT_COMPARED
    roots.mkdir()
    (roots / "maker.pem").write_text(who.root)
    with archive.database.write() as tx:
        check_again(tx, archive.jobs, archive.technician, received.part_id)
    archive.jobs.wait_idle(60)
    (found,) = signatures(archive, received)
    assert (found.verdict, found.trust) == (Verdict.VERIFIED, Trust.TRUSTED)
    with archive.database.read() as tx:
        checked = [
            event for event in history(tx, received.recording_id) if event.kind is Event.RECORDING_SIGNATURE_CHECKED
        ]
    assert [event.actor for event in checked] == ["system:signatures", archive.technician.account_id]


def test_somebody_without_the_right_cannot_have_it_checked(archive: Archive, recording: bytes) -> None:
    received = archive.worn(recording)
    with archive.database.write() as tx, pytest.raises(PartUnknown):
        check_again(tx, archive.jobs, archive.other_officer, received.part_id)


def test_what_cannot_be_checked_is_said_so(archive: Archive, recording: bytes) -> None:
    received = archive.worn(recording)
    with archive.database.write() as tx:
        archive.vault.destroy_key(tx, signatures_object(archive, received))
    work(archive)
    (found,) = signatures(archive, received)
    assert found.state is SignatureState.FAILED
    assert found.problem
    assert events(archive, received.recording_id, Event.RECORDING_SIGNATURE_CHECKED)[0]["problem"]


def signatures_object(archive: Archive, received: Received) -> str:
    with archive.database.read() as tx:
        return str(tx.scalar(part.select().with_only_columns(part.c.object_id).where(part.c.id == received.part_id)))


def test_each_part_of_a_recording_is_told_in_the_seal_of_the_whole(
    archive: Archive, recording: bytes, who: Identity
) -> None:
    first = archive.take(recording, "1.mp4", part_of=PartOf("axis:1/a"))
    second = archive.take(mp4(seed=9), "2.mp4", part_of=PartOf("axis:1/a"))
    assert second.recording_id == first.recording_id
    with archive.database.write() as tx:
        complete(tx, "axis:1/a", actor="system:dock", clock=archive.clock)
    (seal,) = events(archive, first.recording_id, Event.RECORDING_SEALED)
    assert [one.get("signatures") for one in seal["parts"]] == [
        [{"kind": "onvif-media-signing", "certificate": who.fingerprint}],
        None,
    ]


def test_the_same_bytes_again_are_not_checked_twice(archive: Archive, recording: bytes) -> None:
    archive.worn(recording)
    archive.worn(recording)
    with archive.database.read() as tx:
        assert len(tx.execute(part_signature.select()).all()) == 1


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Verdict.VERIFIED),
        ({"groups_failed": 1}, Verdict.ALTERED),
        ({"signatures_bad": 1}, Verdict.ALTERED),
        ({"groups_verified": 0}, Verdict.UNVERIFIABLE),
        ({"groups_missing": 1}, Verdict.INCOMPLETE),
        ({"links_broken": 1}, Verdict.INCOMPLETE),
        ({"groups_unsigned": 2}, Verdict.PARTLY),
        ({"slices_outside": 1}, Verdict.PARTLY),
        ({"slices_between": 1}, Verdict.PARTLY),
        ({"slices_behind": 21}, Verdict.PARTLY),
        ({"messages_missing": 1}, Verdict.INCOMPLETE),
        ({"signers": 2}, Verdict.SEVERAL),
        ({"signers": 2, "links_broken": 1}, Verdict.INCOMPLETE),
        ({"groups_failed": 1, "groups_missing": 3}, Verdict.ALTERED),
    ],
)
def test_the_verdict_is_never_better_than_what_was_found(changed: dict[str, int], expected: Verdict) -> None:
    assert verdict_of("onvif-media-signing", _WHOLE | changed) is expected
    assert verdict_of("axis-signed-video", {}) is Verdict.DETECTED


def test_pictures_that_were_not_looked_at_are_not_verified() -> None:
    found: dict[str, Any] = {"onvif": [{**_WHOLE, "certificates": []}], "axis": None, "c2pa": None}
    found |= {"tracks_without": 0, "packets": {"read": 60, "damaged": 0}}
    assert results_of(found)[0]["verdict"] is Verdict.VERIFIED
    assert results_of({**found, "tracks_without": 1})[0]["verdict"] is Verdict.PARTLY
    assert results_of({**found, "packets": {"read": 60, "damaged": 1}})[0]["verdict"] is Verdict.PARTLY


def test_the_least_trust_counts() -> None:
    def with_states(*states: str) -> list[dict[str, Any]]:
        return [{"trust": {"state": state}} for state in states]

    assert trust_in([]) is None
    assert trust_in(with_states("trusted", "not-trusted")) is Trust.NOT_TRUSTED
    assert trust_in(with_states("trusted", "trusted")) is Trust.TRUSTED
    assert trust_in(with_states("trusted", "not-compared")) is Trust.NOT_COMPARED
