"""The tus protocol 1.0 (tus.io/protocols/resumable-upload): uploads that go on after a break, over HTTP.

A face mounts it with a door of its own, which says who is there, what they may claim, and what they learn.

Rules it keeps:

1. Who is there, and everything that can be checked, is checked before the first byte of a body is read.
2. The offset that is answered is durable: what a sender was told is here, a killed server still has.
3. A connection that breaks, stalls or is refused half-way keeps what arrived; a wrong checksum keeps nothing of it.
4. The event loop never waits for a disk, a database or a lock.
5. Extensions: creation, creation-with-upload, creation-defer-length, termination, checksum (sha256, sha1, sha512),
   expiration, concatenation. `X-HTTP-Method-Override` is obeyed.
6. Beyond the protocol: `GET` of an upload says as JSON what became of it, and `Candor-Upload-State` stands in answers.
   Only `done` means that it is sealed.
"""

from __future__ import annotations

from candor.tus.door import Door
from candor.tus.protocol import Tus, mount

__all__ = ["Door", "Tus", "mount"]
