"""The demo's cameras hand over through the same doors as real ones: a camera system and a station over HTTP, a card.

`CameraSystem` speaks the part of the Axis body-worn integration that a controller needs, with a connection file as its
only knowledge; `Station` sends files by tus. `write_card` leaves a card as an in-car recorder would: films, hash lists
and tracks beside them.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import shutil
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from candor.demo.footage import DemoClip

__all__ = ["CameraSystem", "Station", "TurnedAway", "write_card"]

_PIECE = 4 << 20


class TurnedAway(OSError):
    """The door answered with something else than that it took what it was handed."""


@dataclass
class CameraSystem:
    """A controller with its cameras. `connection_file`: as the agency's administrator downloads it."""

    connection_file: bytes

    def __post_init__(self) -> None:
        known = json.loads(self.connection_file)
        entry = urlsplit(known["AuthenticationTokenURI"][0])
        self._host, self._port = entry.hostname or "127.0.0.1", entry.port or 80
        keys = {"X-Auth-User": known["BlobAPIUserName"], "X-Auth-Key": known["BlobAPIKey"]}
        found = self._call("GET", entry.path, keys, wanted=(200,))
        self._account = urlsplit(found["x-storage-url"]).path
        self._token = {"X-Auth-Token": found["x-auth-token"]}

    def hand_over(self, clip: DemoClip, wearer: str, badge: str) -> None:
        """Hand one recording over: who wore the camera, the camera, the film, its track; then that it is complete."""
        user = uuid5(NAMESPACE_URL, f"https://camera.example/{clip.wearer}").hex
        self._put(f"Users/{user}", "Object", {"Active": "true", "Name": wearer, "Userid": badge})
        self._put(f"Devices/{clip.device_serial}", "Object", {"Active": "true", "Model": clip.device_model})
        ends = clip.start + timedelta(seconds=clip.duration)
        container = f"{user}_{clip.device_serial}_{_stamp(clip.activated)}"
        about = {
            "Containername": container,
            "Bwcserialnumber": clip.device_serial,
            "Bwcmodel": clip.device_model,
            "Userid": user,
            "Triggeron": "Button",
            "Triggerontime": _epoch(clip.activated),
            "Triggeroff": "Button",
            "Triggerofftime": _epoch(ends),
            "Starttime": _epoch(clip.start),
            "Stoptime": _epoch(ends),
            "Timezone": "America/New_York",
            "Status": "Transferring",
        }
        self._put(container, "Container", about)
        name = f"{_stamp(clip.start)}_{clip.key[:4]}"
        spans = {"Starttime": _epoch(clip.start), "Stoptime": _epoch(ends), "Containertype": "mp4"}
        with clip.path.open("rb") as film:
            self._put(f"{container}/{name}.mp4", "Object", spans, body=film, length=clip.path.stat().st_size)
        if clip.location:
            track = _track(clip)
            meta = {"Starttime": _epoch(clip.start), "Filetype": "json"}
            self._put(f"{container}/{name}_{clip.device_serial}_gpstrail.json", "Object", meta, body=track)
        self._call("POST", f"{self._account}/{container}", _headers("Container", {"Status": "Complete"}), wanted=(204,))

    def _put(
        self, path: str, kind: str, about: Mapping[str, str], *, body: object = b"", length: int | None = None
    ) -> None:
        sent = {**_headers(kind, about), "Content-Length": str(len(body) if isinstance(body, bytes) else length)}
        self._call("PUT", f"{self._account}/{path}", sent, body=body, wanted=(201, 202))

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], *, body: object = None, wanted: tuple[int, ...]
    ) -> http.client.HTTPMessage:
        token = getattr(self, "_token", {})
        with closing(http.client.HTTPConnection(self._host, self._port, timeout=60)) as line:
            line.request(method, path, body=body, headers={**token, **headers})  # type: ignore[arg-type]
            answer = line.getresponse()
            said = answer.read(1000)
            if answer.status not in wanted:
                raise TurnedAway(f"{method} {path}: {answer.status} {said.decode('utf-8', 'replace')}")
            return answer.headers


@dataclass
class Station:
    """A station that sends films by tus 1.0, in pieces. `address`: of the door; `credential`: user name and key."""

    address: str
    credential: tuple[str, str]

    def send(self, clip: DemoClip) -> None:
        """Send one film, and wait until it is sealed."""
        size = clip.path.stat().st_size
        told = {
            "name": clip.path.name,
            "serial": clip.device_serial,
            "category": clip.category,
            "incident": clip.incident or "",
            "modified": str(round(clip.path.stat().st_mtime * 1000)),
        }
        about = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items() if value)
        begun = self._call("POST", "/tus", {"Upload-Length": str(size), "Upload-Metadata": about}, b"", (201,))
        upload = urlsplit(begun["location"]).path
        with clip.path.open("rb") as film:
            sent = 0
            while sent < size:
                piece = film.read(_PIECE)
                how = {"Upload-Offset": str(sent), "Content-Type": "application/offset+octet-stream"}
                sent = int(self._call("PATCH", upload, how, piece, (204,))["upload-offset"])
                film.seek(sent)
        for _ in range(600):
            state = self._call("HEAD", upload, {}, b"", (200,))["candor-upload-state"]
            if state == "done":
                return
            time.sleep(0.1)
        raise TurnedAway(f"{clip.path.name}: the upload is “{state}”, not sealed")

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, wanted: tuple[int, ...]
    ) -> http.client.HTTPMessage:
        entry, proof = urlsplit(self.address), base64.b64encode(":".join(self.credential).encode()).decode()
        common = {"Tus-Resumable": "1.0.0", "Authorization": f"Basic {proof}"}
        with closing(http.client.HTTPConnection(entry.hostname or "", entry.port, timeout=60)) as line:
            line.request(method, path, body=body, headers={**common, **headers})
            answer = line.getresponse()
            said = answer.read(1000)
            if answer.status not in wanted:
                raise TurnedAway(f"{method} {path}: {answer.status} {said.decode('utf-8', 'replace')}")
            return answer.headers


def write_card(folder: Path, clips: list[DemoClip]) -> Path:
    """Leave a card in this folder: films under DCIM, each with its hash list and its track; the card's path."""
    films = folder / "DCIM" / "100CANDR"
    films.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        film = films / clip.path.name
        shutil.copy2(clip.path, film)
        digest = hashlib.sha256(film.read_bytes()).hexdigest()
        film.with_suffix(".mp4.sha256").write_text(f"{digest}  {film.name}\n", encoding="ascii")
        if clip.gpx_path.exists():
            shutil.copy2(clip.gpx_path, film.with_suffix(".gpx"))
    return folder


def _track(clip: DemoClip) -> bytes:
    entries = [
        {
            "LocationWKT": f"POINT({fix.lon:.6f} {fix.lat:.6f})",
            "SecondsFromStart": fix.t,
            "Timestamp": (clip.true_start + timedelta(seconds=fix.t)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        for fix in clip.location
    ]
    return json.dumps({"CoordinateEntries": entries}).encode()


def _headers(kind: str, about: Mapping[str, str]) -> dict[str, str]:
    return {f"X-{kind}-Meta-{key}": quote(value, safe="") for key, value in about.items() if value}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _epoch(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}"
