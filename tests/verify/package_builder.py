"""Makes a small real package, as the exporting side would: an own log, real signatures, real tiles.

Everything is deterministic (seeds, not randomness), so that a failure can be looked at twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from candor.verify.merkle import inclusion_proof, leaf_hash, node_hash, root_of
from candor.verify.tiles import ENTRIES, encode_bundle, tiles_of

CHUNK = 1024 * 1024
ORIGIN = "evidence.example.gov/bwc/2026"
DOCUMENTS = ("INSTRUCTIONS.txt", "bag-info.txt", "candor-verify.pyz", "verify.html")
"""The files beside the payload that the hand-out names."""
BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def fixed(*words: object) -> bytes:
    """32 bytes that depend on nothing but the words."""
    return hashlib.sha256(repr(words).encode()).digest()


class Key:
    """An Ed25519 key with a name, of the log's kind (1) or a witness's (4)."""

    def __init__(self, name: str, seed: bytes, kind: int = 1) -> None:
        self.name, self.kind = name, kind
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        public = bytes([kind]) + self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(public)}"

    def line(self, text: str, time: int = 1_795_342_800) -> str:
        if self.kind == 1:
            blob = self.private.sign(text.encode())
        else:
            blob = struct.pack(">Q", time) + self.private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"— {self.name} {b64(self.id + blob)}\n"


@dataclass
class Log:
    """Entries in memory; proofs by the plain recursion."""

    entries: list[bytes] = field(default_factory=list)

    def append(self, entry: bytes) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    @property
    def hashes(self) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries]

    def read(self, level: int, index: int) -> bytes:
        row = self.hashes[index << level : (index + 1) << level]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        return row[0]

    def checkpoint(self, log: Key, witnesses: list[Key]) -> str:
        text = f"{log.name}\n{len(self.entries)}\n{b64(root_of(self.hashes))}\n"
        return text + "\n" + log.line(text) + "".join(witness.line(text) for witness in witnesses)

    def write_tiles(self, folder: Path) -> None:
        for tile in tiles_of(len(self.entries), entries=True):
            path = folder / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            start = tile.index * 256
            if tile.level == ENTRIES:
                path.write_bytes(encode_bundle(self.entries[start : start + tile.width]))
            else:
                reach = range(start, start + tile.width)
                path.write_bytes(b"".join(self.read(8 * tile.level, i) for i in reach))


def chunk_root(data: bytes) -> str:
    return root_of(leaf_hash(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)).hex()


@dataclass
class Recording:
    """A recording's history while it is being made."""

    log: Log
    number: int
    files: list[tuple[str, bytes]]
    events: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    minute: int = 0
    lost: set[int] = field(default_factory=set)
    """Numbers of events that nobody can open any more."""

    def __post_init__(self) -> None:
        self.id = str(uuid.UUID(bytes=fixed("recording", self.number)[:16]))
        self.epochs.append({"epoch": 0, "first_n": 0, "tag_key": fixed("tag", self.number, 0).hex()})
        self.parts = [
            {
                "part": number,
                "sha256": hashlib.sha256(data).hexdigest(),
                "chunk_root": chunk_root(data),
                "chunk_size": CHUNK,
                "size": len(data),
                "name": name,
            }
            for number, (name, data) in enumerate(self.files, 1)
        ]

    def append(self, kind: str, details: dict[str, Any] | None = None, **changed: Any) -> int:
        n, epoch = len(self.events), len(self.epochs) - 1
        self.minute += 1
        payload = {
            "actor": "0192f0c8-0000-7000-8000-000000000001",
            "at": f"2026-11-22T10:{self.minute:02d}:12.123456Z",
            "details": details or {},
            "epoch": epoch,
            "event": str(uuid.UUID(bytes=fixed("event", self.number, n)[:16])),
            "kind": kind,
            "n": n,
            "recording": self.id,
            "v": 1,
        } | changed
        text, salt = canonical(payload), fixed("salt", self.number, n)
        tag_key = bytes.fromhex(self.epochs[-1]["tag_key"])
        leaf = canonical(
            {
                "commit": hashlib.sha256(b"bwc-commit-v1\0" + salt + text).hexdigest(),
                "hour": payload["at"][:13] + "Z",
                "tag": hmac.new(tag_key, b"bwc-tag-v1\0" + struct.pack(">Q", n), hashlib.sha256).digest()[:16].hex(),
                "v": 1,
            }
        )
        index = self.log.append(leaf)
        name = f"custody/{self.id}/{n:06d}.tlog-proof"
        event = {"n": n, "index": index, "leaf": leaf.decode(), "payload": text.decode(), "salt": salt.hex()}
        self.events.append(event | {"proof": name})
        return index

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["n"] not in self.lost]

    @property
    def unopened(self) -> list[dict[str, Any]]:
        """The lost events as a package shows them."""
        return [
            {
                "n": event["n"],
                "epoch": max(one["epoch"] for one in self.epochs if one["first_n"] <= event["n"]),
                "index": event["index"],
                "leaf": event["leaf"],
                "proof": f"custody/{self.id}/lost-{event['index']:012d}.tlog-proof",
            }
            for event in self.events
            if event["n"] in self.lost
        ]

    def rotate(self) -> None:
        key = fixed("tag", self.number, len(self.epochs))
        n = len(self.events)
        digest = hashlib.sha256(key).hexdigest()
        details = {"epoch": len(self.epochs) - 1, "events": n + 1, "next_key_sha256": digest}
        self.append("recording:tag-key-rotated", details)
        self.epochs.append({"epoch": len(self.epochs), "first_n": n + 1, "tag_key": key.hex()})

    def file(self, number: int, part: int) -> str:
        return f"data/originals/{number:02d}-{part:02d}-{self.files[part - 1][0]}"


@dataclass
class Package:
    """A package in a folder, and what a verifier may be given from outside it."""

    folder: Path
    log_key: Key
    witnesses: list[Key]
    log: Log
    recordings: list[Recording]
    package: str
    page: bytes = b"<!doctype html><title>Verify</title>\n"

    @property
    def policy(self) -> str:
        names = [f"w{n}" for n in range(1, len(self.witnesses) + 1)]
        lines = [f"log {self.log_key.vkey}"]
        lines += [f"witness w{n} {key.vkey}" for n, key in enumerate(self.witnesses, 1)]
        lines += [f"group all-of-them all {' '.join(names)}", "quorum all-of-them"] if names else ["quorum none"]
        return "\n".join(lines) + "\n"

    def write_payload(self) -> None:
        listed = []
        for number, recording in enumerate(self.recordings, 1):
            parts = []
            for part, (_, data) in enumerate(recording.files, 1):
                name = recording.file(number, part)
                self.put(name, data)
                parts.append({"file": name} | recording.parts[part - 1])
            listed.append({"id": recording.id, "metadata": {"title": f"Stop {number}"}, "parts": parts})
        contents = {"recordings": listed, "agency": "State Police of Example", "package": self.package, "v": 1}
        self.put("data/recordings.json", canonical(contents))
        self.put("data/case-uco.jsonld", b'{"@context": {}, "@graph": []}\n')
        self.write_manifest()

    def write_manifest(self) -> str:
        lines = [f"{digest(self.folder / name)}  {name}\n" for name in self.names() if name.startswith("data/")]
        self.put("manifest-sha256.txt", "".join(lines).encode())
        return digest(self.folder / "manifest-sha256.txt")

    def export(self, **changed: Any) -> None:
        """The export event of every recording, for the manifest as it stands, and the files beside the payload.

        A change to None leaves the detail out.
        """
        manifest = digest(self.folder / "manifest-sha256.txt")
        self.write_verifiers()
        self.write_info()
        for recording in self.recordings:
            details = {
                "package": self.package,
                "manifest_sha256": manifest,
                "documents": {name: digest(self.folder / name) for name in DOCUMENTS},
                "events": len(recording.events) + 1,
                "log_size": len(self.log.entries),
                "recipient": "Public Defender",
                "purpose": "discovery",
            } | changed
            recording.append("recording:exported", {k: v for k, v in details.items() if v is not None})

    def write_custody(self) -> None:
        note = self.log.checkpoint(self.log_key, self.witnesses)
        self.put("custody/checkpoint", note.encode())
        self.put("custody/policy.txt", self.policy.encode())
        for recording in self.recordings:
            history = {"recording": recording.id, "epochs": recording.epochs, "events": recording.shown}
            if recording.lost:
                history["lost"] = recording.unopened
            self.put(f"custody/{recording.id}/history.json", canonical(history))
            for lost in recording.unopened:
                hashes = inclusion_proof(self.log.read, lost["index"], len(self.log.entries))
                lines = ["c2sp.org/tlog-proof@v1", f"index {lost['index']}", *(b64(h) for h in hashes)]
                self.put(lost["proof"], ("\n".join(lines) + "\n\n" + note).encode())
            for event in recording.shown:
                opened = canonical({key: event[key] for key in ("leaf", "payload", "salt")})
                hashes = inclusion_proof(self.log.read, event["index"], len(self.log.entries))
                lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(opened)}", f"index {event['index']}"]
                text = "\n".join(lines + [b64(h) for h in hashes]) + "\n\n" + note
                self.put(event["proof"], text.encode())

    def write_tags(self) -> None:
        self.write_info()
        self.put("bagit.txt", BAGIT.encode())
        self.write_tag_manifest()

    def write_info(self) -> None:
        payload = [self.folder / name for name in self.names() if name.startswith("data/")]
        oxum = f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
        info = f"Source-Organization: State Police of Example\nBagging-Date: 2026-11-22\nPayload-Oxum: {oxum}\n"
        self.put("bag-info.txt", info.encode())

    def write_tag_manifest(self) -> None:
        skip = ("data/", "tagmanifest-")
        names = [name for name in self.names() if not name.startswith(skip)]
        lines = [f"{digest(self.folder / name)}  {name}\n" for name in names]
        self.put("tagmanifest-sha256.txt", "".join(lines).encode())

    def write_verifiers(self) -> None:
        self.put("certificate-draft.pdf", b"%PDF-1.4\n% a draft for counsel\n%%EOF\n")
        self.put("verify.html", self.page)
        self.put("candor-verify.pyz", b"#!/usr/bin/env python3\n")
        self.put("INSTRUCTIONS.txt", "Open verify.html …\n".encode())

    def names(self) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return sorted(path.relative_to(self.folder).as_posix() for path in files)

    def put(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def reseal(self) -> None:
        """What an attacker can do without any key: make all manifests fit what lies there now."""
        self.write_manifest()
        self.write_tags()

    def zip(self, path: Path, method: int = zipfile.ZIP_STORED) -> Path:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name in self.names():
                entry = zipfile.ZipInfo(f"package/{name}", (1980, 1, 1, 0, 0, 0))
                entry.compress_type = method
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, (self.folder / name).read_bytes())
        return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def noise(size: int, *words: object) -> bytes:
    """Bytes that look like footage to a hash."""
    return (fixed(*words) * (size // 32 + 1))[:size]


def start_package(folder: Path, *, seed: int = 1, witnesses: int = 2, footage: bytes | None = None) -> Package:
    """Two recordings (one of two parts, one of an empty file too), their histories up to before the export."""
    log = Log([canonical({"another": n}) for n in range(5)])
    first = Recording(log, 1, [("stop.mp4", footage or noise(2 * CHUNK + 77, "a")), ("stop-2.mp4", noise(1000, "b"))])
    second = Recording(log, 2, [("Übersicht 2.mp4", noise(CHUNK, "c")), ("empty.mp4", b"")])
    for recording in (first, second):
        recording.append("recording:received", {"face": "dock"})
        recording.append("recording:sealed", {"parts": recording.parts, "flags": []})
    first.append("recording:viewed", {"purpose": "review"})
    first.rotate()
    first.append("recording:viewed", {"purpose": "report — “später”"})
    log.append(canonical({"another": "between"}))
    keys = [Key(f"witness.example.org/w{n}", bytes([seed + n]) * 32, 4) for n in range(1, witnesses + 1)]
    package = str(uuid.UUID(bytes=fixed("package", seed)[:16]))
    return Package(folder, Key(ORIGIN, bytes([seed]) * 32), keys, log, [first, second], package)


def finish_package(package: Package) -> Package:
    """Everything from the payload to the tag manifest."""
    package.write_payload()
    package.export()
    package.log.append(canonical({"another": "after"}))
    package.write_custody()
    package.write_tags()
    return package


def build_package(folder: Path, **options: Any) -> Package:
    """A whole good package."""
    return finish_package(start_package(folder, **options))
