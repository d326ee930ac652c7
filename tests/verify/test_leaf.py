from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.verify.errors import BadCommitment, BadTag, Malformed, VerifyError
from candor.verify.leaf import commit, hour_of, parse_leaf, parse_time, public_leaf, tag, time_text
from candor.verify.opening import EventPayload, Opening, check_tag, parse_payload

COMMIT = "ab" * 32
TAG = "cd" * 16
LEAF = public_leaf(COMMIT, "2026-11-22T10Z", TAG)
EVENT = EventPayload(
    event="0193526f-5b7e-7c3a-9f1d-2a6b8c9d0e1f",
    kind="recording:sealed",
    actor="system:intake",
    at="2026-11-22T10:11:12.123456Z",
    recording="0193526f-0000-7c3a-9f1d-2a6b8c9d0e1f",
    n=3,
    epoch=0,
    details={"parts": [], "flags": ["no owner"]},
)
SALT = bytes(range(32))

texts = st.text(st.characters(codec="utf-8"), max_size=10)
events = st.builds(
    EventPayload,
    event=st.uuids().map(str),
    kind=st.from_regex(r"[a-z][a-z0-9-]{0,8}:[a-z][a-z0-9-]{0,8}", fullmatch=True),
    actor=texts,
    at=st.datetimes().map(lambda at: time_text(at.replace(tzinfo=UTC))),
    recording=st.none() | st.uuids().map(str),
    n=st.integers(0, 2**53 - 1),
    epoch=st.integers(0, 2**53 - 1),
    details=st.dictionaries(
        texts, texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.lists(texts, max_size=2), max_size=3
    ),
)


def opened(event: EventPayload, salt: bytes = SALT) -> Opening:
    payload = event.encode()
    return Opening(public_leaf(commit(salt, payload), hour_of(event.at), TAG), payload, salt)


def test_the_derivations_are_the_documented_ones() -> None:
    assert commit(SALT, b"payload") == hashlib.sha256(b"bwc-commit-v1\0" + SALT + b"payload").hexdigest()
    key = b"k" * 32
    expected = hmac.new(key, b"bwc-tag-v1\0" + (5).to_bytes(8, "big"), "sha256").hexdigest()[:32]
    assert tag(key, 5) == expected
    leaf = public_leaf(COMMIT, "2026-11-22T10Z", TAG)
    assert leaf.decode() == f'{{"commit":"{COMMIT}","hour":"2026-11-22T10Z","tag":"{TAG}","v":1}}'
    assert EVENT.encode().startswith(b'{"actor":"system:intake","at":"2026-11-22T10:11:12.123456Z","details":{')
    assert EVENT.encode().endswith(b',"n":3,"recording":"0193526f-0000-7c3a-9f1d-2a6b8c9d0e1f","v":1}')


def test_nothing_but_the_four_fields_is_public() -> None:
    assert json.loads(opened(EVENT).leaf).keys() == {"commit", "hour", "tag", "v"}


@given(st.binary(min_size=32, max_size=32), st.datetimes(), st.binary(min_size=16, max_size=16))
def test_leaves_are_read_back(commitment: bytes, at: datetime, mark: bytes) -> None:
    data = public_leaf(commitment.hex(), hour_of(at.replace(tzinfo=UTC)), mark.hex())
    leaf = parse_leaf(data)
    assert (leaf.commit, leaf.tag, leaf.encode()) == (commitment.hex(), mark.hex(), data)


TEXT = LEAF.decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        TEXT + "\n",
        " " + TEXT,
        TEXT.replace(":1}", ": 1}"),
        TEXT.replace(":1}", ":2}"),
        TEXT.replace(":1}", ":true}"),
        TEXT.replace(":1}", ":1.0}"),
        TEXT.replace(":1}", ':"1"}'),
        TEXT.replace(":1}", ':1,"x":1}'),
        TEXT.replace(',"v":1', ""),
        TEXT.replace('{"commit"', '{"a":1,"commit"'),
        TEXT.replace('"tag"', '"tag":"x","tag"'),
        TEXT.replace(TAG, TAG.upper()),
        TEXT.replace(TAG, TAG[:-2]),
        TEXT.replace(TAG, TAG + "00"),
        TEXT.replace(COMMIT, COMMIT[:-1] + "g"),
        TEXT.replace(f'"{TAG}"', "null"),
        TEXT.replace('"2026-11-22T10Z"', "10"),
        TEXT.replace("T10Z", "T24Z"),
        TEXT.replace("T10Z", "T10+00:00"),
        TEXT.replace("T10Z", "T10:11Z"),
        TEXT.replace("11-22", "02-30"),
        TEXT.replace("2026", "٢٠٢٦"),
        TEXT.replace("2026", "\\u0032026"),
        "{" + " " * 600 + TEXT[1:],
    ],
    ids=lambda text: repr(text[-40:]),
)
def test_other_leaves_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match="public leaf"):
        parse_leaf(text.encode())


def test_leaves_of_other_parts_are_not_made() -> None:
    for parts in ((COMMIT[1:], "2026-11-22T10Z", TAG), (COMMIT, "2026-11-22", TAG), (COMMIT, "2026-11-22T10Z", "")):
        with pytest.raises(ValueError, match=r"."):
            public_leaf(*parts)
    with pytest.raises(ValueError, match="salt"):
        commit(b"short", b"payload")
    for key, n in ((b"short", 0), (bytes(32), -1), (bytes(32), 2**63)):
        with pytest.raises(ValueError, match="tag"):
            tag(key, n)


def test_hours_are_of_utc() -> None:
    at = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-5)))
    assert time_text(at) == "2026-11-23T04:59:59.999999Z"
    assert hour_of(at) == hour_of(time_text(at)) == "2026-11-23T04Z"
    assert time_text(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"
    assert parse_time(time_text(at)) == at
    with pytest.raises(ValueError, match="time zone"):
        time_text(datetime(2026, 1, 2))
    for text in ("2026-01-02T00:00:00Z", "2026-01-02 00:00:00.000000Z", "2026-13-02T00:00:00.000000Z", "٢"):
        with pytest.raises(ValueError, match=r"."):
            hour_of(text)


@given(events)
def test_events_are_read_back_and_openings_check(event: EventPayload) -> None:
    assert parse_payload(event.encode()) == event
    opening = opened(event)
    assert Opening.parse(opening.encode()) == opening
    assert opening.check() == event
    assert event.time == parse_time(event.at)


def changed(**fields: object) -> bytes:
    return json.dumps(
        {**json.loads(EVENT.encode()), **fields}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        changed(v=2),
        changed(v=True),
        changed(extra=1),
        changed(n=-1),
        changed(n=True),
        changed(n="3"),
        changed(n=2**53),
        changed(details={"n": 2**53}),
        changed(epoch=None),
        changed(details=[]),
        changed(details=None),
        changed(actor=None),
        changed(kind="sealed"),
        changed(kind="Recording:sealed"),
        changed(kind=7),
        changed(recording=""),
        changed(recording=7),
        changed(event=None),
        changed(event="0193526F-5B7E-7C3A-9F1D-2A6B8C9D0E1F"),
        changed(at="2026-11-22T10:11:12Z"),
        changed(at=7),
        EVENT.encode() + b" ",
    ],
    ids=lambda data: repr(data[-50:]),
)
def test_other_payloads_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed, match="custody event"):
        parse_payload(data)


def test_an_opening_that_does_not_fit_the_leaf_is_refused() -> None:
    opening = opened(EVENT)
    for wrong in (
        Opening(opening.leaf, opening.payload, bytes(32)),
        Opening(opening.leaf, opening.payload, SALT[:31]),
        Opening(opening.leaf, opening.payload + b" ", SALT),
        Opening(LEAF, opening.payload, SALT),
    ):
        with pytest.raises(BadCommitment) as caught:
            wrong.check()
        assert caught.value.exit_code == 29
    later = Opening(public_leaf(commit(SALT, EVENT.encode()), "2026-11-22T11Z", TAG), EVENT.encode(), SALT)
    with pytest.raises(BadCommitment, match="the hour 2026-11-22T11Z"):
        later.check()
    junk = b"not an event"
    with pytest.raises(Malformed):
        Opening(public_leaf(commit(SALT, junk), "2026-11-22T10Z", TAG), junk, SALT).check()


@pytest.mark.parametrize(
    "text", ["", "{}", '{"leaf":1,"payload":"","salt":"00"}', '{"leaf":"","payload":"","salt":"00"}']
)
def test_what_is_no_opening_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="opening"):
        Opening.parse(text.encode())


def test_tags_count_a_recording_s_events() -> None:
    key = bytes(range(32))
    leaf = parse_leaf(public_leaf(COMMIT, "2026-11-22T10Z", tag(key, 4)))
    check_tag(key, 4, leaf)
    for wrong_key, n in ((key, 3), (key, 5), (bytes(32), 4)):
        with pytest.raises(BadTag) as caught:
            check_tag(wrong_key, n, leaf)
        assert caught.value.exit_code == 30


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_bytes_end_in_the_room_s_error(data: bytes) -> None:
    for read in (parse_leaf, parse_payload, Opening.parse):
        with pytest.raises(VerifyError):
            read(data)


@given(st.integers(0, len(LEAF) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_another_leaf_or_none(at: int, byte: int) -> None:
    data = LEAF[:at] + bytes([byte]) + LEAF[at + 1 :]
    try:
        leaf = parse_leaf(data)
    except VerifyError:
        return
    assert leaf.encode() == data
