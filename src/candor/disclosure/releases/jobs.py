"""Making and publishing what was approved, and taking away what was recalled. Killed anywhere, it goes on.

Publishing: content credentials are put into the copies; then, in one transaction, everything is asked once more and the
package is handed out; then it is made, everything is asked for the last time, it and its files are put into the
published place, and the release is marked as published. A recall that comes meanwhile wins: it takes away what it finds
published, and this what is published after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor import disclosure
from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.outbox import NoticeKind, resolve, tell
from candor.core.settings import Settings
from candor.custody import CustodyLog, Event
from candor.disclosure.credentials.errors import CopyNotSignable, CredentialsError, NotInLogYet
from candor.disclosure.credentials.signing import sign_copy
from candor.disclosure.decisions.errors import DecisionError
from candor.disclosure.decisions.standing import rows_of
from candor.disclosure.decisions.subjects import about
from candor.disclosure.errors import DisclosureError
from candor.disclosure.going import CopyToGo
from candor.disclosure.packages import Package
from candor.disclosure.payload import payload_of
from candor.disclosure.redacted import hand_out_copies
from candor.disclosure.releases import approving, recalling
from candor.disclosure.releases.acting import (
    RELEASES,
    change,
    checked,
    copies_of,
    held,
    must_not_be_withdrawn,
    note,
    remember,
    subject_of,
)
from candor.disclosure.releases.errors import ReleaseChanged, ReleaseError
from candor.disclosure.releases.incidents import put_dues
from candor.disclosure.releases.notice import MOST_HIDDEN, copy_notices, file_told, notice_of
from candor.disclosure.releases.papers import EXEMPTIONS_CSV, EXEMPTIONS_PDF, LETTER, Papers, papers_of
from candor.disclosure.releases.preparing import about_path
from candor.disclosure.releases.rules import Audience, ReleaseState
from candor.disclosure.releases.tables import release as release_table
from candor.disclosure.releases.tables import release_copy
from candor.disclosure.requests import clocks as request_clocks
from candor.disclosure.tables import package as package_table
from candor.footage.errors import FootageError
from candor.jobs import Failure, JobContext, Jobs
from candor.people.errors import Refused
from candor.people.rules import system_actor
from candor.published.notices import FileNotice
from candor.published.place import Published
from candor.redaction.errors import RedactionError
from candor.store import SealedStream, Vault
from candor.verify.redacted import PAPERS

__all__ = ["register"]

#: What trying again would not help; the release has failed, and people are told why.
_LASTING: Final = (
    CredentialsError,
    DecisionError,
    DisclosureError,
    FootageError,
    RedactionError,
    Refused,
    ReleaseError,
)
_PIECE: Final = 1 << 20
#: How often papers are made anew because somebody decided meanwhile.
_TIMES: Final = 5
_PAPERS: Final[Mapping[str, tuple[str, str, str]]] = {
    EXEMPTIONS_PDF: ("exemptions", "application/pdf", "What was held back, and why"),
    EXEMPTIONS_CSV: ("exemptions", "text/csv; charset=utf-8", "The same as a table"),
    LETTER: ("letter", "application/pdf", "The letter of decision"),
}


class _DecidedMeanwhile(Exception):
    """The papers tell of decisions that do not stand any more."""


class _Stopped(Exception):
    """Somebody wants it no more, or not now."""


def register(
    jobs: Jobs, database: Database, vault: Vault, log: CustodyLog, settings: Settings, *, clock: Clock | None = None
) -> None:
    """Have this process know how to do it."""
    work = _Publishing(database, vault, log, settings, clock or SystemClock())
    jobs.register(approving.JOB, work.publish, on_failure=work.give_up)
    jobs.register(recalling.JOB, work.recall)


class _Publishing:
    def __init__(self, database: Database, vault: Vault, log: CustodyLog, settings: Settings, clock: Clock) -> None:
        self._database, self._vault, self._log = database, vault, log
        self._settings, self._clock = settings, clock
        self._actor = system_actor(RELEASES)

    # ---- publishing

    def publish(self, context: JobContext, params: dict[str, Any]) -> None:
        """Make and publish a release that was approved."""
        release_id = params["release"]
        try:
            self._publish(context, release_id)
        except _Stopped:
            return
        except NotInLogYet:
            raise
        except _LASTING as error:
            problem, rule = str(error), str(getattr(error, "fields", {}).get("rule", "")) or None
            anew = isinstance(error, (DisclosureError, DecisionError))
            context.transaction("fail", lambda tx: self._failed(tx, release_id, problem, rule, anew))

    def _publish(self, context: JobContext, release_id: str) -> None:
        row = self._row(release_id)
        if row.state == ReleaseState.RECALLED.value:
            # It may have been killed after it published, and the recall have come before that and found nothing.
            context.step("take away", lambda: self._take_away(release_id))
            return
        if row.state != ReleaseState.APPROVED.value:
            return
        package_id = row.package_id or self._handed_out(context, row)
        if not package_id:
            return
        made = disclosure.build(
            self._database, self._vault, self._log, package_id, cancelled=context.cancelled, clock=self._clock
        )
        if not made:
            return
        context.step("publish", lambda: self._put(context, release_id, package_id))

    def _row(self, release_id: str) -> Any:
        with self._database.read() as tx:
            return tx.execute(sa.select(release_table).where(release_table.c.id == release_id)).one()

    def _handed_out(self, context: JobContext, row: Any) -> str:
        """Put the hand-out on record; the package's id, "" when it is wanted no more."""
        with self._database.read() as tx:
            copies = copies_of(tx, row.id)
        signed = {}
        for one in copies:
            if context.cancelled():
                raise _Stopped
            signed[one.position] = self._signed(row, one.copy_id)
        for _ in range(_TIMES):
            with self._database.read() as tx:
                papers = papers_of(tx, self._vault, row, clock=self._clock)
                upon = rows_of(tx, subject_of(row)).upon
            act = partial(self._hand_out, release_id=row.id, papers=papers, upon=upon, signed=signed)
            try:
                return str(context.transaction("hand out", act))
            except _DecidedMeanwhile:
                continue
        raise ReleaseChanged(number=row.number)

    def _signed(self, row: Any, copy_id: str) -> str | None:
        """The sealed object with the copy and its content credentials; None where none can be put into it."""
        try:
            found = sign_copy(self._vault, self._database, self._log, copy_id, title=row.number, clock=self._clock)
        except CopyNotSignable:
            return None
        return found.object_id

    def _hand_out(
        self,
        tx: Connection,
        *,
        release_id: str,
        papers: Papers,
        upon: str,
        signed: Mapping[int, str | None],
    ) -> str:
        row = held(tx, release_id)
        if row.state != ReleaseState.APPROVED.value:
            return ""
        if row.package_id is not None:
            return str(row.package_id)
        subject = subject_of(row)
        must_not_be_withdrawn(tx, subject)
        if rows_of(tx, subject).upon != upon:
            raise _DecidedMeanwhile
        going = [
            (one.position, CopyToGo(one.copy_id, one.although or None, signed.get(one.position)))
            for one in copies_of(tx, row.id)
        ]
        copies = [one for _, one in going]
        gone = checked(tx, self._vault, self._actor, subject, copies, clock=self._clock)
        package_id = hand_out_copies(
            tx,
            self._actor,
            copies,
            recipient=_recipient(row, about(tx, subject).number),
            purpose=f"release {row.number}",
            release=(row.id, row.number),
            papers=papers.files,
            by=row.approved_by,
            clock=self._clock,
        )
        for (position, one), file in zip(going, gone, strict=True):
            if one.signed_object_id is not None:
                values = {"signed_object_id": one.signed_object_id, "signed_size": file.size}
                this = release_copy.c.release_id == row.id, release_copy.c.position == position
                signed_sha256 = bytes.fromhex(file.sha256)
                tx.execute(release_copy.update().where(*this).values(**values, signed_sha256=signed_sha256))
        plan = tx.execute(sa.select(package_table.c.plan).where(package_table.c.id == package_id)).scalar_one()
        for event_id in plan["events"].values():
            remember(tx, row, event_id)
        # As they are in the package, whatever is decided later.
        hidden = [vars(one) for one in papers.hidden[:MOST_HIDDEN]]
        change(tx, row, package_id=package_id, hidden=hidden)
        return package_id

    def _put(self, context: JobContext, release_id: str, package_id: str) -> str:
        """Put the package and its files into the published place and the notice beside them, and mark the release as
        published; the state in which it is then."""
        with self._database.write() as tx:
            row = held(tx, release_id)
            if row.state != ReleaseState.APPROVED.value:
                return str(row.state)
            self._must_still_be_allowed(tx, row)
        with self._database.read() as tx:
            found = disclosure.package(tx, self._actor, package_id)
            copies = copy_notices(tx, self._vault, row, found)
            stream = disclosure.open_zip(tx, self._vault, self._actor, found, record=False)
        published_at = self._clock.now()
        with Published.open(self._settings) as published:
            try:
                sha256, size = published.put_file(_watched(context, stream.read(0, stream.size)))
            finally:
                stream.close()
            files = [FileNotice(f"{found.name}.zip", "package", "application/zip", size, sha256, "The whole package")]
            for one, told in zip(copies, found.plan["originals"], strict=True):
                with self._opened(told["object_id"]) as copy:
                    published.put_file(_watched(context, _pieces(copy)), one.sha256)
                files.append(one)
            files += self._put_papers(published, row.number, found)
            files = list({one.sha256: one for one in files}.values())
            with self._database.read() as tx:
                notice = notice_of(tx, row, found, files, published_at)
            published.write_release(notice)
        told = {
            "published_at": iso(published_at),
            "zip_sha256": sha256,
            "zip_size": size,
            "files": [file_told(one) for one in files],
        }
        # It can be seen from here on: that is on record at once, also when somebody stops the job now.
        with self._database.write() as tx:
            state = self._mark(tx, release_id, package_id, told)
        if state == ReleaseState.RECALLED.value:
            self._take_away(release_id)
        return state

    def _must_still_be_allowed(self, tx: Connection, row: sa.Row[Any]) -> None:
        """Ask everything again before it is published: between the hand-out and this lies as much time as no process
        ran. Raises what `checked` raises."""
        subject = subject_of(row)
        must_not_be_withdrawn(tx, subject)
        copies = [CopyToGo(one.copy_id, one.although or None, one.signed_object_id) for one in copies_of(tx, row.id)]
        checked(tx, self._vault, self._actor, subject, copies, clock=self._clock)

    def _put_papers(self, published: Published, number: str, found: Package) -> list[FileNotice]:
        """The papers as they are in the package."""
        files = []
        by_name = payload_of(found.plan)
        for name, (kind, media_type, words) in _PAPERS.items():
            data = by_name.get(f"{PAPERS}{name}")
            if data is not None:
                sha256, size = published.put_file([data])
                files.append(FileNotice(f"{number}-{name}", kind, media_type, size, sha256, words))
        return files

    def _mark(self, tx: Connection, release_id: str, package_id: str, told: Mapping[str, Any]) -> str:
        row = held(tx, release_id)
        if row.state != ReleaseState.APPROVED.value:
            return str(row.state)
        change(
            tx,
            row,
            state=ReleaseState.PUBLISHED.value,
            published_at=datetime.fromisoformat(told["published_at"]),
            zip_sha256=bytes.fromhex(told["zip_sha256"]),
            zip_size=told["zip_size"],
            files=list(told["files"]),
            problem=None,
            rule=None,
        )
        details = {
            "package": package_id,
            "audience": row.audience,
            "zip_sha256": told["zip_sha256"],
            "files": {one["name"]: one["sha256"] for one in told["files"]},
        }
        note(tx, Event.RELEASE_PUBLISHED, row.approved_by, row, details, clock=self._clock)
        self._meet_clocks(tx, row)
        resolve(tx, f"release-failed:{row.id}", clock=self._clock)
        return ReleaseState.PUBLISHED.value

    def _meet_clocks(self, tx: Connection, row: sa.Row[Any]) -> None:
        """What asks for the release of these recordings is done."""
        if row.request_id is not None:
            mine = release_copy.c.release_id == row.id
            recordings = tx.scalars(sa.select(release_copy.c.recording_id).where(mine).distinct()).all()
            request_clocks.meet_release(tx, row.request_id, recordings, self._clock.now(), clock=self._clock)
        put_dues(tx, row.id, clock=self._clock)

    def _opened(self, object_id: str) -> SealedStream:
        with self._database.read() as tx:
            return self._vault.open(tx, object_id)

    # ---- what went wrong

    def give_up(self, tx: Connection, failure: Failure) -> None:
        """The job was tried often enough."""
        self._failed(tx, failure.job.params["release"], failure.problem, None, False)

    def _failed(self, tx: Connection, release_id: str, problem: str, rule: str | None, anew: bool) -> None:
        """anew: the package cannot be made any more as it was put on record, so the next try makes another."""
        row = held(tx, release_id)
        if row.state != ReleaseState.APPROVED.value:
            return
        values: dict[str, Any] = {"package_id": None} if anew else {}
        change(tx, row, state=ReleaseState.FAILED.value, problem=problem, rule=rule, **values)
        details = {"rule": rule or "", "package": row.package_id or ""}
        note(tx, Event.RELEASE_FAILED, f"system:{RELEASES}", row, details, clock=self._clock)
        tell(
            tx,
            NoticeKind.RELEASE_FAILED,
            about=about_path(row.id),
            to=[row.prepared_by, row.approved_by],
            once=f"release-failed:{row.id}",
            clock=self._clock,
        )

    # ---- recalling

    def recall(self, context: JobContext, params: dict[str, Any]) -> None:
        """Take a release that was recalled from the published place."""
        context.step("take away", lambda: self._take_away(params["release"]))

    def _take_away(self, release_id: str) -> bool:
        row = self._row(release_id)
        with Published.open(self._settings) as published:
            return published.recall_release(release_id, row.recalled_at, row.recall_reason)


def _recipient(row: Any, number: str) -> str:
    return "everybody" if row.audience == Audience.PUBLIC.value else f"whoever asked in {number}"


def _watched(context: JobContext, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces, until somebody wants it no more."""
    for piece in pieces:
        if context.cancelled():
            raise _Stopped
        yield piece


def _pieces(stream: SealedStream) -> Iterator[bytes]:
    at = 0
    while piece := stream.read_at(at, _PIECE):
        yield piece
        at += len(piece)
