"""The public log to look at: entries page by page, each proven; what was changed, or is missing, is said in words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.portal.conftest import PublicPlace

from candor.verify.checkpoint import Checkpoint
from candor.verify.cosignature import cosign
from candor.verify.encoding import base64_text
from candor.verify.leaf import Leaf
from candor.verify.merkle import leaf_hash, root_of, tree_root
from candor.verify.note import COSIGNATURE_ED25519, ED25519, VerifierKey, sign_note
from candor.verify.tiles import ENTRIES, TILE_WIDTH, encode_bundle, new_tiles

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SIZE = 600
SEALED_AT = 1_790_000_000


def _key(name: str, kind: int, seed: int) -> tuple[VerifierKey, Ed25519PrivateKey]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return VerifierKey(name, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), kind), private


def _leaf(n: int) -> bytes:
    digest = hashlib.sha256(str(n).encode()).hexdigest()
    return Leaf(digest, f"2026-11-22T{n % 24:02}Z", digest[:32]).encode()


@dataclass
class Log:
    """A published log of SIZE entries, signed and cosigned by one witness."""

    folder: Path
    leaves: list[bytes]

    def root(self, size: int) -> bytes:
        hashes = [leaf_hash(one) for one in self.leaves[:size]]
        return tree_root(lambda level, index: root_of(hashes[index << level : (index + 1) << level]), size)

    def file(self, path: str) -> Path:
        return self.folder / path


@pytest.fixture
def log(place: PublicPlace) -> Log:
    made = Log(place.settings.log, [_leaf(n) for n in range(SIZE)])
    hashes = [leaf_hash(one) for one in made.leaves]
    levels = [hashes, [root_of(hashes[at : at + TILE_WIDTH]) for at in range(0, SIZE - TILE_WIDTH + 1, TILE_WIDTH)]]
    for tile in new_tiles(0, SIZE, entries=True):
        span = slice(tile.index * TILE_WIDTH, tile.index * TILE_WIDTH + tile.width)
        data = encode_bundle(made.leaves[span]) if tile.level == ENTRIES else b"".join(levels[tile.level][span])
        made.file(tile.path).parent.mkdir(parents=True, exist_ok=True)
        made.file(tile.path).write_bytes(data)
    (key, private), (witness, seals) = _key("troop.example/log", ED25519, 1), _key("w.example", COSIGNATURE_ED25519, 2)
    text = Checkpoint("troop.example/log", SIZE, made.root(SIZE)).format()
    note = sign_note(text, key, private.sign).with_signatures([cosign(text, witness, seals.sign, SEALED_AT)])
    made.file("checkpoint").write_text(note.format())
    about = place.published.about()
    assert about is not None
    policy = f"log {key.format()}\nwitness w {witness.format()}\nquorum w\n"
    place.published.write_about(replace(about, log_vkey=key.format(), log_policy=policy))
    return made


def _shown(text: str) -> list[int]:
    return [int(one) for one in re.findall(r'id="entry-(\d+)"', text)]


def test_the_newest_entries_stand_first_and_pages_lead_to_the_oldest(place: PublicPlace, log: Log) -> None:
    browser, seen, path = place.visit(), [], "/log/entries"
    for _ in range(7):
        text = browser.get(path).text
        seen += _shown(text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        if older is None:
            break
        path = older[1]
    assert seen == list(reversed(range(SIZE)))
    digest = hashlib.sha256(b"599").hexdigest()
    newest = browser.get("/log/entries").text
    assert digest in newest
    assert digest[:32] in newest
    assert "2026-11-22 23:00" in newest  # 599 % 24
    assert _shown(browser.get("/log/entries?from=257").text) == list(range(257, 157, -1))
    assert _shown(browser.get("/log/entries?from=0").text) == [0]


@pytest.mark.parametrize("asked", ["600", "-1", "x", "9" * 40, "²", "1_0"])
def test_what_is_no_place_in_the_log_is_said(place: PublicPlace, log: Log, asked: str) -> None:
    for name in ("from", "size"):
        answer = place.visit().get("/log/entries", params={name: "601" if (name, asked) == ("size", "600") else asked})
        assert answer.status_code == 404
        assert "is no place in this log. It has 600 entries, numbered from 0 to 599" in unescape(answer.text)


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_changed_file_is_not_shown(place: PublicPlace, log: Log, path: str) -> None:
    data = bytearray(log.file(path).read_bytes())
    data[40] ^= 1
    log.file(path).write_bytes(data)
    answer = place.visit().get("/log/entries?from=400")
    assert answer.status_code == 503
    assert path in answer.text
    assert "is not what the signed checkpoint says" in answer.text
    assert not _shown(answer.text)


def test_a_missing_file_is_named_and_the_rest_is_shown(place: PublicPlace, log: Log) -> None:
    log.file("tile/entries/001").unlink()
    answer = place.visit().get("/log/entries?from=400")
    assert answer.status_code == 503
    assert "tile/entries/001, a file of the log, is missing here" in answer.text
    assert not _shown(answer.text)
    assert _shown(place.visit().get("/log/entries?from=200").text)[0] == 200


def test_the_newest_checkpoint_with_who_signed_it(place: PublicPlace, log: Log) -> None:
    page = place.visit().get("/log").text
    assert base64_text(log.root(SIZE)) in unescape(page)
    assert "w.example" in page
    assert "2026-09-21" in page  # SEALED_AT in New York
    assert "Only the newest checkpoint is kept here" in page
    assert 'href="/log/entries"' in page


def test_a_checkpoint_that_another_signed_proves_nothing(place: PublicPlace, log: Log) -> None:
    file = log.file("checkpoint")
    file.write_text(file.read_text().replace("\n600\n", "\n599\n"))
    for path, status in (("/log", 200), ("/log/entries", 503)):
        answer = place.visit().get(path)
        assert answer.status_code == status
        assert "is not signed as this agency" in answer.text
        assert base64_text(log.root(SIZE)) not in unescape(answer.text)
        assert not _shown(answer.text)


@pytest.mark.parametrize("size", [0, 1, 256, 333, SIZE])
def test_an_older_checkpoint_can_be_compared(place: PublicPlace, log: Log, size: int) -> None:
    page = unescape(place.visit().get(f"/log/entries?size={size}").text)
    assert base64_text(log.root(size)) in page


def test_before_anything_is_published_there_is_nothing_to_look_at(place: PublicPlace) -> None:
    answer = place.visit().get("/log/entries")
    assert answer.status_code == 200
    assert "No entry has been published under a signed checkpoint yet" in answer.text
