"""Makes a package that hands out a redacted copy, as the exporting side would; see package_builder."""

from __future__ import annotations

import hashlib
import json
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

COPY = "data/redacted/redacted-01.mp4"
LIST = "redaction/edit-list.txt"
PROOF = "redaction/proof.json"


@dataclass
class RedactedPackage(Package):
    """A package of one redacted copy. Changes are made between the steps of `finish_redacted`."""

    content: bytes = b""
    edits: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)

    @property
    def recording(self) -> Recording:
        return self.recordings[0]

    @property
    def copy_id(self) -> str:
        return str(uuid.UUID(bytes=fixed("copy")[:16]))

    @property
    def kept(self) -> list[dict[str, Any]]:
        """The two events that are shown."""
        events = self.recording.events
        kinds = [json.loads(event["payload"])["kind"] for event in events]
        return [events[kinds.index("redaction:rendered")], events[-1]]

    def sign_list(self, key: Key | None = None) -> None:
        key = key or self.log_key
        text = f"candor redaction edit list v1\n{ORIGIN}\n{canonical(self.edits).decode()}\n"
        self.put(LIST, (text + "\n" + key.line(text)).encode())

    def write_payload(self) -> None:
        self.put(COPY, self.content)
        copy = {
            "copy": self.copy_id,
            "recording": self.recording.id,
            "part": 1,
            "file": COPY,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "chunk_root": chunk_root(self.content),
            "chunk_size": CHUNK,
            "size": len(self.content),
        }
        contents = {"agency": "State Police of Example", "package": self.package, "copy": copy, "v": 1}
        self.put("data/redacted.json", canonical(contents))
        self.write_manifest()

    def render(self, **changed: Any) -> None:
        """The copy's making: proof, signed list, event."""
        proof = b'{"form":"public","verdict":"holds"}\n'
        self.put(PROOF, proof)
        self.edits = {
            "copied": [[0, 900]],
            "copy": {
                "id": self.copy_id,
                "sha256": hashlib.sha256(self.content).hexdigest(),
                "size": len(self.content),
            },
            "edit": 3,
            "facts": {},
            "made_at": "2026-11-22T10:20:12.123456Z",
            "maker": "redacted@1",
            "masks": [
                {
                    "kind": "face",
                    "exemption": "minor",
                    "style": "solid",
                    "first": 1000,
                    "last": 2000,
                    "track": "a",
                    "count": 1,
                }
            ],
            "mode": "hide",
            "muted": False,
            "original": {"sha256": fixed("original").hex(), "size": 77},
            "overlay": False,
            "part": 1,
            "proof_sha256": fixed("proof").hex(),
            "public_proof_sha256": hashlib.sha256(proof).hexdigest(),
            "recording": self.recording.id,
            "redaction": self.copy_id,
            "sound": [],
            "style": "solid",
            "v": 1,
            "verdict": "holds",
            "watched": 1000,
        } | changed
        self.sign_list()
        details = {
            name: self.edits[name] for name in ("redaction", "part", "edit", "proof_sha256", "public_proof_sha256")
        }
        details |= {
            "copy": self.edits["copy"]["id"],
            "copy_sha256": self.edits["copy"]["sha256"],
            "copy_size": self.edits["copy"]["size"],
            "original_sha256": self.edits["original"]["sha256"],
            "list_sha256": digest(self.folder / LIST),
            "verdict": self.edits["verdict"],
        }
        self.recording.append("redaction:rendered", details)

    def export(self, **changed: Any) -> None:
        self.write_verifiers()
        (self.folder / "certificate-draft.pdf").unlink()
        self.write_info()
        details = {
            "package": self.package,
            "redaction": self.copy_id,
            "copy": self.copy_id,
            "copy_sha256": hashlib.sha256(self.content).hexdigest(),
            "manifest_sha256": digest(self.folder / "manifest-sha256.txt"),
            "documents": {name: digest(self.folder / name) for name in (*DOCUMENTS, LIST, PROOF)},
            "events": len(self.recording.events) + 1,
            "log_size": len(self.log.entries),
            "recipient": "The Daily Example",
            "purpose": "public records request 12",
        } | changed
        self.recording.append("redaction:handed-out", {k: v for k, v in details.items() if v is not None})

    def write_custody(self) -> None:
        super().write_custody()
        kept = self.kept
        folder = self.folder / f"custody/{self.recording.id}"
        for path in folder.iterdir():
            if f"custody/{self.recording.id}/{path.name}" not in {event["proof"] for event in kept}:
                path.unlink()
        shown = {"recording": self.recording.id, "events": kept}
        self.put(f"custody/{self.recording.id}/shown.json", canonical(shown))


def build_redacted(
    folder: Path, change: Callable[[RedactedPackage], None] | None = None, **handed_out: Any
) -> RedactedPackage:
    """A whole good package; `change` is called after the copy's making and before its hand-out, whose details
    `handed_out` changes."""
    log = Log([canonical({"another": n}) for n in range(5)])
    recording = Recording(log, 1, [("stop.mp4", noise(1000, "a"))])
    for kind in ("recording:received", "recording:sealed", "recording:viewed", "redaction:begun"):
        recording.append(kind, {"purpose": "review of Jane Doe"})
    keys = [Key("witness.example.org/w1", b"\2" * 32, 4)]
    package = str(uuid.UUID(bytes=fixed("package", "redacted")[:16]))
    made = RedactedPackage(folder, Key(ORIGIN, b"\1" * 32), keys, log, [recording], package)
    made.content = noise(CHUNK + 99, "copy")
    made.write_payload()
    made.render()
    if change is not None:
        change(made)
    recording.append("recording:viewed", {"purpose": "a last look"})
    made.export(**handed_out)
    log.append(canonical({"another": "after"}))
    made.write_custody()
    made.write_tags()
    return made
