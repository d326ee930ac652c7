"""Makes a package of several redacted copies (version 2), as the exporting side would; see package_builder."""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .package_builder import (
    CHUNK,
    DOCUMENTS,
    ORIGIN,
    Key,
    Log,
    Package,
    Recording,
    canonical,
    chunk_root,
    digest,
    fixed,
    noise,
)

RELEASE = {"id": str(uuid.UUID(bytes=fixed("release")[:16])), "number": "RL-2026-0007"}
CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def film(content: bytes) -> bytes:
    """The smallest file with a place for content credentials: a beginning, and media data."""
    begin = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
    return begin + struct.pack(">I4s", 8 + len(content), b"mdat") + content


def with_credentials(data: bytes, words: bytes = b"who signed it") -> bytes:
    """The same with content credentials after its beginning."""
    box = CREDENTIALS + words
    return data[:16] + struct.pack(">I4s", 8 + len(box), b"uuid") + box + data[16:]


@dataclass
class Copy:
    """A redacted copy. `handed_out`: the file in the package, where it is not the copy that was proven."""

    number: int
    recording: Recording
    content: bytes
    part: int = 1
    handed_out: bytes | None = None
    edits: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(uuid.UUID(bytes=fixed("released copy", self.number)[:16]))

    @property
    def file(self) -> bytes:
        return self.content if self.handed_out is None else self.handed_out

    @property
    def name(self) -> str:
        return f"data/redacted/redacted-{self.number:02d}.mp4"

    @property
    def list_name(self) -> str:
        return f"redaction/{self.number:02d}/edit-list.txt"

    @property
    def proof_name(self) -> str:
        return f"redaction/{self.number:02d}/proof.json"

    def described(self) -> dict[str, Any]:
        found = {
            "copy": self.id,
            "recording": self.recording.id,
            "part": self.part,
            "file": self.name,
            "sha256": hashlib.sha256(self.file).hexdigest(),
            "chunk_root": chunk_root(self.file),
            "chunk_size": CHUNK,
            "size": len(self.file),
        }
        if self.handed_out is not None:
            found["proven"] = {"sha256": hashlib.sha256(self.content).hexdigest(), "size": len(self.content)}
        return found

    def told(self) -> dict[str, Any]:
        return {
            "copy": self.id,
            "redaction": self.id,
            "copy_sha256": hashlib.sha256(self.content).hexdigest(),
            "file_sha256": hashlib.sha256(self.file).hexdigest(),
            "verdict": "holds",
            "although": "",
        }


@dataclass
class ReleasedPackage(Package):
    """A package of redacted copies. Changes are made between the steps of `build_released`."""

    copies: list[Copy] = field(default_factory=list)
    release: dict[str, str] | None = None
    papers: dict[str, bytes] = field(default_factory=dict)

    def contents(self) -> dict[str, Any]:
        found: dict[str, Any] = {"agency": "State Police of Example", "package": self.package, "v": 2}
        found["copies"] = [one.described() for one in self.copies]
        return found if self.release is None else found | {"release": self.release}

    def write_payload(self) -> None:
        for one in self.copies:
            self.put(one.name, one.file)
        for name, data in self.papers.items():
            self.put(f"data/release/{name}", data)
        self.put("data/redacted.json", canonical(self.contents()))
        self.write_manifest()

    def sign_list(self, copy: Copy, key: Key | None = None) -> None:
        key = key or self.log_key
        text = f"candor redaction edit list v1\n{ORIGIN}\n{canonical(copy.edits).decode()}\n"
        self.put(copy.list_name, (text + "\n" + key.line(text)).encode())

    def render(self, copy: Copy, **changed: Any) -> None:
        """A copy's making: proof, signed list, event."""
        proof = canonical({"form": "public", "verdict": "holds", "number": copy.number}) + b"\n"
        self.put(copy.proof_name, proof)
        mask = {"kind": "face", "exemption": "minor", "style": "solid", "first": 0, "last": 9, "track": "1", "count": 1}
        copy.edits = {
            "copied": [],
            "copy": {"id": copy.id, "sha256": hashlib.sha256(copy.content).hexdigest(), "size": len(copy.content)},
            "edit": copy.number,
            "facts": {},
            "made_at": "2026-11-22T10:20:12.123456Z",
            "maker": "redacted@1",
            "masks": [mask],
            "mode": "hide",
            "muted": False,
            "original": {"sha256": fixed("original", copy.number).hex(), "size": 77},
            "overlay": False,
            "part": copy.part,
            "proof_sha256": fixed("proof", copy.number).hex(),
            "public_proof_sha256": hashlib.sha256(proof).hexdigest(),
            "recording": copy.recording.id,
            "redaction": copy.id,
            "sound": [],
            "style": "solid",
            "v": 1,
            "verdict": "holds",
            "watched": 1000,
        } | changed
        self.sign_list(copy)
        names = ("redaction", "part", "edit", "proof_sha256", "public_proof_sha256", "verdict")
        details = {name: copy.edits[name] for name in names}
        details |= {
            "copy": copy.edits["copy"]["id"],
            "copy_sha256": copy.edits["copy"]["sha256"],
            "copy_size": copy.edits["copy"]["size"],
            "original_sha256": copy.edits["original"]["sha256"],
            "list_sha256": digest(self.folder / copy.list_name),
        }
        copy.recording.append("redaction:rendered", details)

    def export(self, **changed: Any) -> None:
        self.write_verifiers()
        (self.folder / "certificate-draft.pdf").unlink()
        self.write_info()
        for recording in self.recordings:
            own = [one for one in self.copies if one.recording is recording]
            named = [*DOCUMENTS, *(one.list_name for one in own), *(one.proof_name for one in own)]
            details = {
                "package": self.package,
                "copies": [one.told() for one in own],
                "manifest_sha256": digest(self.folder / "manifest-sha256.txt"),
                "documents": {name: digest(self.folder / name) for name in named},
                "events": len(recording.events) + 1,
                "log_size": len(self.log.entries),
                "recipient": "everybody",
                "purpose": "release RL-2026-0007",
            }
            if self.release is not None:
                details |= {"release": self.release["id"], "number": self.release["number"]}
            told = {name: value for name, value in (details | changed).items() if value is not None}
            recording.append("redaction:handed-out" if self.release is None else "recording:released", told)

    def shown_of(self, recording: Recording) -> list[dict[str, Any]]:
        kinds = ('"redaction:rendered"', '"redaction:handed-out"', '"recording:released"')
        return [event for event in recording.events if any(f'"kind":{kind}' in event["payload"] for kind in kinds)]

    def write_custody(self) -> None:
        super().write_custody()
        for recording in self.recordings:
            kept = self.shown_of(recording)
            proofs = {event["proof"] for event in kept}
            for path in (self.folder / f"custody/{recording.id}").iterdir():
                if f"custody/{recording.id}/{path.name}" not in proofs:
                    path.unlink()
            self.put(f"custody/{recording.id}/shown.json", canonical({"recording": recording.id, "events": kept}))


def build_released(
    folder: Path,
    change: Callable[[ReleasedPackage], None] | None = None,
    *,
    release: bool = True,
    name: object = "released",
    **handed_out: Any,
) -> ReleasedPackage:
    """A whole good package of three copies of two recordings, the third with content credentials; `change` is called
    after the copies' making and before the hand-out, whose details `handed_out` changes."""
    log = Log([canonical({"another": n}) for n in range(5)])
    first, second = (Recording(log, number, [("stop.mp4", noise(1000, number))]) for number in (1, 2))
    for recording in (first, second):
        recording.append("recording:received", {"purpose": "review of Jane Doe"})
        recording.append("recording:sealed")
    package = str(uuid.UUID(bytes=fixed("package", name)[:16]))
    keys = [Key("witness.example.org/w1", b"\2" * 32, 4)]
    made = ReleasedPackage(folder, Key(ORIGIN, b"\1" * 32), keys, log, [first, second], package)
    proven = film(noise(500, "copy 3"))
    made.copies = [
        Copy(1, first, film(noise(CHUNK + 99, "copy 1"))),
        Copy(2, second, film(noise(5000, "copy 2"))),
        Copy(3, first, proven, part=2, handed_out=with_credentials(proven)),
    ]
    if release:
        made.release, made.papers = dict(RELEASE), {"summary.txt": b"A stop.\r\n", "exemptions.csv": b"file\r\n"}
    made.write_payload()
    for one in made.copies:
        made.render(one)
    if change is not None:
        change(made)
    first.append("recording:viewed", {"purpose": "a last look"})
    made.export(**handed_out)
    log.append(canonical({"another": "after"}))
    made.write_custody()
    made.write_tags()
    return made
