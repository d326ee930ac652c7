"""Disclosure: handing footage out in packages that anyone can verify.

Rules it keeps:

1. Nothing is read out of the vault for a package before its hand-out is a durable custody event. The event commits
   to the list of payload files (`manifest-sha256.txt`), which is known from the seals alone, and to every file beside
   them that is known by then: both verifiers, the instructions, `bag-info.txt`.
2. In the same transaction the recording's tag key is replaced, so that the key inside the package says nothing of
   what happens later.
3. Every original is read back and compared with its seal before the package counts as made.
4. A package is stored as what it is made of: the small files sealed in the vault, the originals by name. So the
   same package can be downloaded again, in pieces and byte for byte, and each download is an event, also when it is
   written into a folder by the command line.
5. Redacted copies are handed out alone: each with its signed edit list, its proof and the events that are about it, and
   nothing of the originals, of the catalogue or of the rest of the histories.
6. A package is BagIt 1.0 (RFC 8493); the zip is stored, in fixed order and with fixed times.
"""

from __future__ import annotations

from candor.disclosure.deliver import check_place, open_zip, record_download, write_folder, write_zip
from candor.disclosure.errors import DisclosureError, OriginalAltered, PackageNotReady, RecordingGone
from candor.disclosure.handing_out import request
from candor.disclosure.making import JOB, build, register
from candor.disclosure.packages import Package, PackageState, package, packages_of
from candor.disclosure.redacted import request_redacted

__all__ = [
    "JOB",
    "DisclosureError",
    "OriginalAltered",
    "Package",
    "PackageNotReady",
    "PackageState",
    "RecordingGone",
    "build",
    "check_place",
    "open_zip",
    "package",
    "packages_of",
    "record_download",
    "register",
    "request",
    "request_redacted",
    "write_folder",
    "write_zip",
]
