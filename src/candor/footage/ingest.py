"""Taking in what lies under some paths, file by file: what fails is noted and reported, the rest goes on."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from candor.core import outbox
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import names
from candor.footage.collect import Candidate, Skipped, collect, moment
from candor.footage.intake import Claim, Intake, Received
from candor.footage.rules import Flag

__all__ = ["NotTaken", "Progress", "Taken", "ingest", "take_in_file"]


@dataclass(frozen=True)
class Taken:
    """A file that is in."""

    path: Path
    received: Received


@dataclass(frozen=True)
class NotTaken:
    """A file that could not be read at all; `event_id` is the custody event that says so."""

    path: Path
    reason: str
    event_id: str


@dataclass(frozen=True)
class Progress:
    """How far an ingest is: files, and bytes as far as the sizes found beforehand are right."""

    path: Path
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int


def ingest(
    intake: Intake,
    paths: Sequence[Path],
    claim: Claim,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Iterator[Taken | NotTaken | Skipped]:
    """Take in everything under the paths; yields what became of each file once that is durable.

    `claim` is what is said of all of them; name, source and date are each file's own. A fault of the store or of the
    database is raised: it would meet the next file too. What was yielded before is in for good.
    """
    found = collect(paths)
    files = [one for one in found if isinstance(one, Candidate)]
    total, done, finished = sum(one.size for one in files), 0, 0
    for one in found:
        if isinstance(one, Skipped):
            yield one
            continue
        before, number = done, finished

        def told(size: int, path: Path = one.path, before: int = before, number: int = number) -> None:
            progress(Progress(path, number, len(files), min(before + size, total), total))

        told(0)
        yield take_in_file(intake, one.path, claim, told)
        done, finished = done + one.size, finished + 1
        progress(Progress(one.path, finished, len(files), min(done, total), total))


def take_in_file(
    intake: Intake, path: Path, claim: Claim, progress: Callable[[int], None] | None = None
) -> Taken | NotTaken:
    """Take in one file. A file that changes while it is read is sealed as far as it was read, with a flag."""
    claim = replace(claim, name=path.name, source=str(path))
    try:
        handle = _open(path)
    except OSError as error:
        return _failed(intake, path, claim, error)
    with os.fdopen(handle, "rb", buffering=0) as file:
        before = os.fstat(handle)
        with intake.begin(replace(claim, modified_at=moment(before.st_mtime))) as writer:
            try:
                writer.write_all(file, progress)
            except OSError as error:
                return _failed(intake, path, claim, error)
            if _changed(before, os.fstat(handle), writer.size):
                writer.note(Flag.CHANGED_WHILE_READ)
            return Taken(path, writer.finish())


def _open(path: Path) -> int:
    # Not blocking: something may have put a pipe in the file's place since it was found.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file any more")
    return handle


def _changed(before: os.stat_result, after: os.stat_result, size: int) -> bool:
    """Whether the file was written to while it was read. A file that could not be read to its end is shorter by
    that alone, so only its own size and date count, and whether more was read than there was."""
    return before.st_size != after.st_size or before.st_mtime_ns != after.st_mtime_ns or size > after.st_size


def _failed(intake: Intake, path: Path, claim: Claim, error: OSError) -> NotTaken:
    reason = error.strerror or str(error)
    details = {
        "source": names.kept(claim.source),
        "name": names.kept(claim.name),
        "face": claim.face,
        "reason": reason,
    }
    with intake.database.write() as tx:
        event_id = custody.append(tx, Event.INTAKE_FAILED, actor=claim.actor, details=details, clock=intake.clock)
        today = f"intake:{claim.face}:{intake.clock.now():%Y-%m-%d}"  # one notice a day counts up, however many files
        outbox.tell(tx, outbox.NoticeKind.INTAKE_FAILED, once=today, clock=intake.clock)
    return NotTaken(path, reason, event_id)
