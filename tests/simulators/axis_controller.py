"""An Axis system controller with many body-worn cameras, as a destination of content sees it.

    python tests/simulators/axis_controller.py CONNECTION_FILE [--cameras 100] [--clips 2]

It loads a connection file, asks for a token, looks at what the destination can do, registers its users and devices and
hands over what its cameras hold, each camera in a thread and over a connection of its own, as the maker's document has
it. What is answered with 503 is tried again; whatever else is no success is kept in `failures`. It speaks HTTP by
itself (http.client), so that nothing of the destination's code is used on this side.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

STAMP = "%Y%m%dT%H%M%SZ"
_PIECE = 256 << 10


def headers(said: Mapping[str, str], *, container: bool = False) -> dict[str, str]:
    """Metadata as it travels: values URL-encoded."""
    kind = "Container" if container else "Object"
    return {f"X-{kind}-Meta-{key.capitalize()}": quote(value, safe="") for key, value in said.items()}


def both(key: str, at: datetime) -> dict[str, str]:
    """A time in the two ways in which it is said."""
    return {key: str(int(at.timestamp())), f"{key}ISO": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def moment(stamp: str) -> datetime:
    """The time of a name."""
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def camera_metadata(user: str, serial: str, triggered: str, *, buffer: int = 30, seconds: int = 60) -> dict[str, str]:
    """What a recording's container says while it is transferred."""
    at = moment(triggered)
    return {
        "ContainerName": f"{user}_{serial}_{triggered}",
        "BWCSerialNumber": serial,
        "SCUSerialNumber": "ACCC8E000001",
        "FirmwareVersion": "11.8.61",
        "UserID": user,
        "TriggerOn": "Button",
        "TriggerOff": "Button",
        **both("TriggerOnTime", at),
        **both("TriggerOffTime", at + timedelta(seconds=seconds)),
        "TriggerOnLocation": "55.718409,13.221184,3.0",
        **both("StartTime", at - timedelta(seconds=buffer)),
        **both("StopTime", at + timedelta(seconds=seconds)),
        "TimeZone": "America/New_York",
        "BWCModel": "W110",
        "Status": "Transferring",
    }


def clip_metadata(stamp: str, seconds: int, kind: str = "mp4") -> dict[str, str]:
    """What a clip says."""
    at = moment(stamp)
    return {**both("StartTime", at), **both("StopTime", at + timedelta(seconds=seconds)), "ContainerType": kind}


def encrypt(content: bytes, public_key: str, key_id: str) -> tuple[bytes, bytes]:
    """(content, key object) as a camera encrypts for the key of a connection file."""
    key, vector = os.urandom(32), os.urandom(16)
    pad = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    sealed = cipher.update(pad.update(content) + pad.finalize()) + cipher.finalize()
    public = serialization.load_pem_public_key(base64.b64decode(public_key))
    assert isinstance(public, rsa.RSAPublicKey)
    wrapped = public.encrypt(key, OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None))
    held = {
        "EncryptedKey": base64.b64encode(wrapped).decode(),
        "ContentEncryptionIV": base64.b64encode(vector).decode(),
        "PublicKeyId": key_id,
    }
    return sealed, json.dumps(held, indent=1).encode()


class Answered(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}")
        self.status = status


@dataclass
class Clip:
    """One clip: its stamp, its bytes or a maker of them, its length in seconds."""

    stamp: str
    content: bytes | Callable[[], Iterator[bytes]]
    seconds: int
    size: int

    @classmethod
    def of(cls, stamp: str, content: bytes, seconds: int = 1) -> Clip:
        return cls(stamp, content, seconds, len(content))

    def pieces(self) -> Iterator[bytes]:
        """The bytes."""
        if callable(self.content):
            yield from self.content()
            return
        for at in range(0, len(self.content), _PIECE):
            yield self.content[at : at + _PIECE]


@dataclass
class Recording:
    """One recording of one camera."""

    user: str
    serial: str
    triggered: str
    clips: list[Clip]
    beside: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)

    @property
    def container(self) -> str:
        return f"{self.user}_{self.serial}_{self.triggered}"


class Line:
    """One connection to the destination, with the token of its controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._http: http.client.HTTPConnection | None = None

    def call(
        self,
        method: str,
        path: str,
        said: Mapping[str, str] | None = None,
        body: Iterable[bytes] | bytes = b"",
        length: int | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """One call; raises Answered unless it succeeds, OSError when the connection breaks."""
        token, base = self._controller.token()
        headers = {"X-Auth-Token": token, **(said or {})}
        if method in ("PUT", "POST"):
            headers["Content-Length"] = str(len(body) if isinstance(body, bytes) else length)
        try:
            http_ = self._open()
            http_.request(method, base + path, body=body or None, headers=headers)
            response = http_.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if response.status >= 300:
            raise Answered(response.status, content.decode("utf-8", "replace").strip())
        return response.status, {key.lower(): value for key, value in response.getheaders()}, content

    def _open(self) -> http.client.HTTPConnection:
        if self._http is None:
            self._http = self._controller.connect()
        return self._http

    def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            self._http.close()
            self._http = None


class Controller:
    """A controller with the connection file it was given."""

    def __init__(self, file: Mapping[str, Any]) -> None:
        self.file = dict(file)
        self.acknowledged: dict[str, str] = {}  # container/object -> SHA-256 of its clip, in hexadecimal
        self.failures: list[str] = []
        self.tried_again = 0
        self._guard = threading.Lock()
        self._token: tuple[str, str] | None = None

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the destination, with its certificate checked where the file has one."""
        uri = urlsplit(self.file["AuthenticationTokenURI"][0])
        if uri.scheme == "https":
            context = ssl.create_default_context(cadata=_pem(self.file["HTTPSCertificate"]))
            return http.client.HTTPSConnection(uri.hostname or "", uri.port, timeout=120, context=context)
        return http.client.HTTPConnection(uri.hostname or "", uri.port, timeout=120)

    def token(self) -> tuple[str, str]:
        """(token, path of the storage)."""
        with self._guard:
            if self._token is None:
                line = self.connect()
                said = {"X-Auth-User": self.file["BlobAPIUserName"], "X-Auth-Key": self.file["BlobAPIKey"]}
                line.request("GET", urlsplit(self.file["AuthenticationTokenURI"][0]).path, headers=said)
                response = line.getresponse()
                words = response.read().decode("utf-8", "replace")
                line.close()
                if response.status != 200:
                    raise Answered(response.status, words)
                path = urlsplit(response.getheader("X-Storage-Url") or "").path
                self._token = (response.getheader("X-Auth-Token") or "", path)
            return self._token

    def introduce(self, system: str = "", users: Mapping[str, tuple[str, str]] | None = None) -> dict[str, Any]:
        """Look at what the destination can do, and tell it of the system, its users ((name, ID) by UUID)."""
        line = Line(self)
        _, said, body = line.call("GET", "/System/Capabilities.json")
        if said.get("etag") != hashlib.md5(body, usedforsecurity=False).hexdigest():
            raise ValueError("object corrupt: System/Capabilities.json")
        for container in ("System", "Users", "Devices"):
            line.call("PUT", f"/{container}")
        about = {"ConnectionId": str(uuid.uuid4()), "SystemName": "Simulated system"}
        line.call("PUT", f"/System/{system or uuid.uuid4()}", headers(about))
        for user, (name, key) in (users or {}).items():
            line.call("PUT", f"/Users/{user}", headers({"Active": "True", "Name": name, "UserID": key}))
        line.close()
        found: dict[str, Any] = json.loads(body)
        return found

    def hand_over(self, one: Recording, *, tries: int = 20, pause: float = 0.2) -> bool:
        """Hand over a recording whole; False when that was given up."""
        line = Line(self)
        try:
            said = camera_metadata(one.user, one.serial, one.triggered)
            self._until_done(line, tries, pause, "PUT", f"/{quote(one.container)}", headers(said, container=True))
            device = headers({"Active": "True", "Name": f"Camera {one.serial}", "Model": "W110"})
            self._until_done(line, tries, pause, "PUT", f"/Devices/{quote(one.serial)}", device)
            for clip in one.clips:
                self._send_clip(line, one, clip, tries, pause)
            for name, (content, about) in one.beside.items():
                path = f"/{quote(one.container)}/{quote(name)}"
                self._until_done(line, tries, pause, "PUT", path, headers(about), content)
            done = {"X-Container-Meta-Status": "Complete"}
            self._until_done(line, tries, pause, "POST", f"/{quote(one.container)}", done)
            return True
        except (Answered, OSError, http.client.HTTPException) as error:
            with self._guard:
                self.failures.append(f"{one.container}: {error}")
            return False
        finally:
            line.close()

    def _send_clip(self, line: Line, one: Recording, clip: Clip, tries: int, pause: float) -> None:
        kind = self.file["ContainerType"]
        name = f"{clip.stamp}_r1.{kind}"
        path, said = f"/{quote(one.container)}/{name}", headers(clip_metadata(clip.stamp, clip.seconds, kind))
        digest = hashlib.sha256()

        def body() -> Iterator[bytes]:
            nonlocal digest
            digest = hashlib.sha256()
            for piece in clip.pieces():
                digest.update(piece)
                yield piece

        if self.file.get("WantEncryption"):
            sealed, key = encrypt(b"".join(body()), self.file["PublicKey"], self.file["PublicKeyId"])
            self._until_done(line, tries, pause, "PUT", path, said, sealed)
            about = headers({"StartTime": said["X-Object-Meta-Starttime"], "FileType": "key"})
            self._until_done(line, tries, pause, "PUT", path.rpartition(".")[0] + ".key", about, key)
        else:
            self._until_done(line, tries, pause, "PUT", path, said, body, clip.size)
        with self._guard:
            self.acknowledged[f"{one.container}/{name}"] = digest.hexdigest()

    def _until_done(
        self,
        line: Line,
        tries: int,
        pause: float,
        method: str,
        path: str,
        said: Mapping[str, str],
        body: bytes | Callable[[], Iterable[bytes]] = b"",
        length: int | None = None,
    ) -> None:
        for attempt in range(tries):
            try:
                line.call(method, path, said, body() if callable(body) else body, length)
                return
            except (Answered, OSError, http.client.HTTPException) as error:
                gone_for_good = isinstance(error, Answered) and error.status not in (408, 500, 503)
                if gone_for_good or attempt == tries - 1:
                    raise
            with self._guard:
                self.tried_again += 1
            time.sleep(pause)

    def hand_over_all(self, recordings: Iterable[Recording], *, tries: int = 20, pause: float = 0.2) -> int:
        """Hand over everything, every camera at once; how many recordings went over whole."""
        done: list[bool] = []
        threads = [
            threading.Thread(target=lambda one=one: done.append(self.hand_over(one, tries=tries, pause=pause)))
            for one in recordings
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done)


def fleet(
    count: int, clips: int, content: Callable[[int, int], bytes], *, triggered: str = "20261120T180500Z"
) -> list[Recording]:
    """A recording of each of `count` cameras, `clips` clips a minute apart; `content(camera, clip)` gives the bytes."""
    begins = moment(triggered) - timedelta(seconds=30)
    return [
        Recording(
            str(uuid.UUID(int=0xA000_0000 + camera)),
            f"B8A44F{camera:06d}",
            triggered,
            [
                Clip.of((begins + timedelta(minutes=number)).strftime(STAMP), content(camera, number), 60)
                for number in range(clips)
            ],
        )
        for camera in range(count)
    ]


def _pem(certificates: Iterable[str]) -> str:
    return "".join(base64.b64decode(one).decode() for one in certificates)


def main() -> int:
    """Hand over made-up clips (not films) to a destination."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("file", type=Path)
    given.add_argument("--cameras", type=int, default=100)
    given.add_argument("--clips", type=int, default=2)
    given.add_argument("--size", type=int, default=1 << 20, help="bytes of a clip")
    options = given.parse_args()
    controller = Controller(json.loads(options.file.read_bytes()))
    controller.introduce()
    head = b"\x1a\x45\xdf\xa3"
    recordings = fleet(options.cameras, options.clips, lambda *_: head + os.urandom(options.size - len(head)))
    done = controller.hand_over_all(recordings)
    print(f"{done} of {len(recordings)} recordings, {controller.tried_again} calls tried again")
    for failure in controller.failures:
        print(failure, file=sys.stderr)
    return 0 if done == len(recordings) else 1


if __name__ == "__main__":
    sys.exit(main())
