"""Makes a small real package of discovery: two recordings given, one withheld, some events shown and not opened."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .package_builder import DOCUMENTS, Key, Log, Package, Recording, b64, canonical, digest, fixed, start_package

REASONS = {
    "internal-inquiry": "It is of an inquiry into an officer.",
    "counsel": "It is what counsel weighed.",
}


@dataclass
class DiscoveryPackage(Package):
    """A package of discovery. `closed`: of each recording, by its place, the numbers not opened with their reasons."""

    closed: dict[int, dict[int, str]] = field(default_factory=dict)
    absent: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    discovery: str = str(uuid.UUID(bytes=fixed("discovery")[:16]))

    def said(self) -> dict[str, Any]:
        """data/discovery.json."""
        given = [
            {"recording": one.id, "events": len(one.events) + 1, "withheld": len(self.closed.get(at, {}))}
            for at, one in enumerate(self.recordings)
        ]
        return {
            "agency": "State Police of Example",
            "case": "C-2026-00001",
            "discovery": self.discovery,
            "findings": [],
            "given": given,
            "made": "2026-11-22T10:30:00.000000Z",
            "number": "D-2026-0001",
            "package": self.package,
            "reasons": REASONS,
            "recordings": len(given) + len(self.absent),
            "sides": ["prosecution", "defence"],
            "v": 1,
            "withheld": self.absent,
        }

    def write_payload(self) -> None:
        self.put("data/discovery.json", canonical(self.said()))
        super().write_payload()

    def export(self, **changed: Any) -> None:
        """The hand-out of every recording, and the event of the discovery."""
        manifest = digest(self.folder / "manifest-sha256.txt")
        self.write_verifiers()
        self.write_info()
        for at, recording in enumerate(self.recordings):
            numbers: dict[str, list[int]] = {}
            for n, reason in sorted(self.closed.get(at, {}).items()):
                numbers.setdefault(reason, []).append(n)
            details = {
                "discovery": self.discovery,
                "package": self.package,
                "manifest_sha256": manifest,
                "documents": {name: digest(self.folder / name) for name in DOCUMENTS},
                "events": len(recording.events) + 1,
                "log_size": len(self.log.entries),
                "recipient": "both sides",
                "purpose": "discovery",
                "withheld": numbers,
            }
            recording.append("recording:disclosed", details | changed)
        self.write_made(manifest)

    def write_made(self, manifest: str, **changed: Any) -> None:
        said = self.said()
        details = {
            "discovery": self.discovery,
            "number": said["number"],
            "package": self.package,
            "manifest_sha256": manifest,
            "recordings": said["recordings"],
            "given": len(said["given"]),
            "withheld": len(said["withheld"]),
        } | changed
        payload = {
            "actor": "0192f0c8-0000-7000-8000-000000000001",
            "at": "2026-11-22T10:55:00.000000Z",
            "details": details,
            "epoch": 0,
            "event": str(uuid.UUID(bytes=fixed("made")[:16])),
            "kind": "discovery:made",
            "n": 0,
            "recording": None,
            "v": 1,
        }
        text, salt = canonical(payload), fixed("made salt")
        commit = hashlib.sha256(b"bwc-commit-v1\0" + salt + text).hexdigest()
        leaf = canonical({"commit": commit, "hour": "2026-11-22T10Z", "tag": fixed("made tag")[:16].hex(), "v": 1})
        index = self.log.append(leaf)
        self.made = {"index": index, "leaf": leaf.decode(), "payload": text.decode(), "salt": salt.hex()}

    def write_custody(self) -> None:
        super().write_custody()
        for at, numbers in self.closed.items():
            self.close(self.recordings[at], numbers)
        opened = canonical({key: self.made[key] for key in ("leaf", "payload", "salt")})
        self.put("custody/discovery.tlog-proof", self.proof(self.made["index"], opened))

    def close(self, recording: Recording, numbers: dict[int, str]) -> None:
        """Keep back the openings of these events."""
        kept, shown = [], []
        for event in recording.shown:
            if event["n"] not in numbers:
                shown.append(event)
                continue
            entry = {key: event[key] for key in ("n", "index", "leaf", "proof")}
            kept.append(entry | {"reason": numbers[event["n"]]})
            self.put(event["proof"], self.proof(event["index"]))
        history = {"recording": recording.id, "epochs": recording.epochs, "events": shown, "withheld": kept}
        self.put(f"custody/{recording.id}/history.json", canonical(history))

    def proof(self, index: int, opened: bytes | None = None) -> bytes:
        """A .tlog-proof of the entry at a place."""
        from candor.verify.merkle import inclusion_proof

        hashes = inclusion_proof(self.log.read, index, len(self.log.entries))
        lines = ["c2sp.org/tlog-proof@v1"]
        if opened is not None:
            lines.append(f"extra {b64(opened)}")
        lines += [f"index {index}", *(b64(one) for one in hashes)]
        note = self.log.checkpoint(self.log_key, self.witnesses)
        return ("\n".join(lines) + "\n\n" + note).encode()


def start_discovery(folder: Path) -> DiscoveryPackage:
    """Two recordings given, of which three events are not opened, and one withheld."""
    begun = start_package(folder, footage=fixed("little") * 40)
    given: tuple[Key, list[Key], Log, list[Recording], str] = (
        begun.log_key,
        begun.witnesses,
        begun.log,
        begun.recordings,
        begun.package,
    )
    made = DiscoveryPackage(folder, *given)
    first, second = made.recordings
    first.append("recording:kept-out", {"reason": "their acts are looked into"})
    second.append("request:decided", {"decision": "release"})
    made.closed = {
        0: {2: "counsel", len(first.events) - 1: "internal-inquiry"},
        1: {len(second.events) - 1: "counsel"},
    }
    made.absent = [
        {
            "recording": str(uuid.UUID(bytes=fixed("absent")[:16])),
            "events": 7,
            "reason": "A compelled statement.",
            "citation": "Garrity v. New Jersey, 385 U.S. 493 (1967)",
            "decided_by": "rule",
        }
    ]
    return made
