"""One pass over a card: what is ready and not in yet is taken in, joined where that is sure, and accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from candor.docking.cards import records
from candor.docking.cards.accounting import report_file, report_unreadable, rising
from candor.docking.cards.beside import Sealed, attach_late, keep_beside
from candor.docking.cards.carrying import as_received, carry, keep_places
from candor.docking.cards.choosing import Choice, choose
from candor.docking.cards.claims import FACE, Camera, CardOrders, Claiming
from candor.docking.cards.found import Beside, Clip, Reader
from candor.docking.cards.grouping import Group, Measured, Remark, RemarkKind, chains, group, start_of
from candor.docking.cards.joining import complete_group, key_of, regroup_late
from candor.docking.cards.listing import Card, CardFile, Listing
from candor.docking.cards.memory import Memory
from candor.docking.cards.outcomes import BesideTaken, Chosen, ClipTaken, NotTaken, Outcome, Progress, Remarked
from candor.docking.cards.records import Known, ReadingState
from candor.docking.cards.tracking import Placed
from candor.fleet import places
from candor.footage import names
from candor.footage.intake import Intake, Received
from candor.footage.said import PartOf
from candor.footage.sidecars import SidecarClaim
from candor.footage.tables import part

__all__ = ["CardPass", "Memory"]

#: Seconds between two signs of life in the database.
_SIGN = 2.0


@dataclass
class CardPass:
    """One pass. `ready`: paths that have stopped growing; files that are not are left for the next pass."""

    intake: Intake
    card: Card
    orders: CardOrders
    memory: Memory
    mapped: Reader | None = None
    progress: Callable[[Progress], None] = lambda progress: None

    def run(self, listing: Listing, ready: set[str]) -> Iterator[Outcome]:
        """Take in what is ready and not in yet; yields what became of each file once that is durable.

        A fault of the store or of the database is raised: it would meet the next file too. What was yielded before is
        in for good, and the next pass goes on behind it.
        """
        self.memory.forget(self.card, listing, self.orders.serial or "")
        facts = self.memory.facts.all(self.card, listing, ready)
        choice = choose(listing, facts, named=self.orders.reader, mapped=self.mapped)
        self._claiming = Claiming(self.orders, choice.contents, self.intake.clock)
        self._ready = ready
        self._sealed: dict[str, Sealed] = {}
        self._prints = self._fingerprints(listing, ready)
        with self.intake.database.read() as tx:
            self._known = records.known_files(tx, self.intake.vault, self._prints.values())
        self._todo = [file for file in listing.files if self._is_todo(file)]
        self._done, self._bytes, self._failed, self._reading = 0, 0, 0, ""
        self._new_beside = any(self._is_todo(one.file) for one in choice.contents.besides)
        self._remarks: list[Remark] = []
        self._total = sum(file.size for file in self._todo)
        self._told = time.monotonic()
        if self._todo:
            yield Chosen(choice, len(self._todo), self._total)
            self._begin(listing, choice)
        yield from self._left_out(listing)
        yield from self._run(choice)

    def _left_out(self, listing: Listing) -> Iterator[Outcome]:
        """Say once what is on the card and is not read: there may be recordings behind it."""
        for left in listing.left_out:
            if not left.of_the_system and (left.path, left.reason) not in self.memory.remarked:
                self.memory.remarked.add((left.path, left.reason))
                yield self._not_taken(left.path, left.reason)

    def _run(self, choice: Choice) -> Iterator[Outcome]:
        state = ReadingState.STOPPED
        try:
            for chain in chains(choice.contents.clips):
                yield from self._chain(chain, choice)
            for beside in choice.contents.besides:
                yield from self._beside(beside)
            state = ReadingState.ENDED
        finally:
            if self._reading:
                remarks = [_as_json(one) for one in self._remarks]
                with self.intake.database.write() as tx:
                    self._say_how_far(tx)
                    records.end_reading(tx, self._reading, state, remarks, clock=self.intake.clock)

    # what is to do

    def _fingerprints(self, listing: Listing, ready: set[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for file in listing.files:
            if file.path not in ready:
                continue
            key = file.as_it_was
            if key not in self.memory.fingerprints:
                try:
                    self.memory.fingerprints[key] = self.card.fingerprint(file, self.orders.serial or "")
                except OSError:
                    continue  # taking it in will say why
            found[file.path] = self.memory.fingerprints[key]
        return found

    def _is_todo(self, file: CardFile) -> bool:
        if file.path not in self._ready or file.as_it_was in self.memory.given_up:
            return False
        return self._known_as(file) is None

    def _known_as(self, file: CardFile) -> Known | None:
        return self._known.get(self._prints.get(file.path, b""))

    def _begin(self, listing: Listing, choice: Choice) -> None:
        with self.intake.database.write() as tx:
            camera = self._claiming.camera(tx, None)
            if self.orders.dock_id is not None:
                places.seen(tx, self.orders.dock_id, clock=self.intake.clock)
            self._reading = records.begin_reading(
                tx,
                listing,
                self._todo,
                place=str(self.card.place),
                reader=choice.contents.reader,
                device_id=camera.id if camera else None,
                dock_id=self.orders.dock_id,
                actor=self.orders.who.account_id,
                clock=self.intake.clock,
            )

    def _camera(self, serial: str | None) -> Camera | None:
        if not self._claiming.knows(serial):
            with self.intake.database.write() as tx:
                return self._claiming.camera(tx, serial)
        return self._claiming.known(serial)

    # recordings

    def _chain(self, chain: Sequence[Clip], choice: Choice) -> Iterator[Outcome]:
        """Files that may go on from one another. Those behind the first that is not ready wait with it."""
        clips = []
        for clip in chain:
            if clip.file.path not in self._ready:
                break
            if clip.file.as_it_was not in self.memory.given_up:
                clips.append(clip)
        if not clips:
            return
        new = any(self._is_todo(clip.file) for clip in clips)
        looked_at = tuple(clip.file.as_it_was for clip in chain)
        if not new and not self._new_beside and looked_at in self.memory.chains:
            return
        waiting = len(clips) < len(chain) and chain[len(clips)].file.path not in self._ready
        alone = len(chain) == 1
        members = [self._measure(clip, alone=alone) for clip in clips]
        found = group(members, choice.contents.clips)
        for remark in found.remarks:
            if new and (remark.before, remark.after) not in self.memory.remarked:
                self.memory.remarked.add((remark.before, remark.after))
                self._remarks.append(remark)
                yield Remarked(remark)
        counted = rising(members)
        for number, joined in enumerate(found.groups):
            more_may_come = waiting and number == len(found.groups) - 1
            yield from self._group(joined, choice, counted=counted, complete=not more_may_come)
        if not waiting:
            self.memory.chains.add(looked_at)

    def _measure(self, clip: Clip, *, alone: bool) -> Measured:
        known = self._known_as(clip.file)
        if alone and known is None:
            return Measured(clip)  # what it is comes out when it is taken in
        return self.memory.measuring.of(self.card, clip, known.media if known else None)

    def _group(self, joined: Group, choice: Choice, *, counted: bool, complete: bool) -> Iterator[Outcome]:
        rest = joined
        while rest.members:
            rest = yield from self._begun_at(rest, choice, counted=counted, complete=complete)

    def _begun_at(
        self, joined: Group, choice: Choice, *, counted: bool, complete: bool
    ) -> Generator[Outcome, None, Group]:
        """Take in a recording as far as its files can be read; those behind the first that cannot."""
        rest = Group(())
        first = self._prints.get(joined.first.path)
        camera = self._camera(joined.first.clip.serial)
        key = None if joined.first.clip.series is None or first is None else key_of(camera, first)
        for number, one in enumerate(joined.members):
            if not self._is_todo(one.clip.file):
                self._remember(one, camera)
                continue
            yield from self._take(one, key, camera, choice, counted=counted)
            if one.path not in self._sealed:  # what comes behind it does not go on from what came before
                rest = Group(joined.members[number + 1 :])
                joined, complete = Group(joined.members[:number]), True
                break
        if joined.members and key is not None and complete and key not in self.memory.settled:
            yield from self._complete(key, joined, camera, choice)
        return rest

    def _complete(self, key: str, joined: Group, camera: Camera | None, choice: Choice) -> Iterator[Outcome]:
        mine = [self._sealed[one.path] for one in joined.members if one.path in self._sealed]
        with self.intake.database.write() as tx:
            complete_group(tx, key, camera, choice.contents, joined, self.orders, clock=self.intake.clock)
            why = regroup_late(
                tx,
                self.orders,
                [one.placed.recording_id for one in mine],
                {one.sha256 for one in mine},
                clock=self.intake.clock,
            )
        self.memory.settled.add(key)
        if why is not None:
            remark = Remark(RemarkKind.UNSURE, joined.members[0].path, joined.members[-1].path, why)
            self._remarks.append(remark)
            yield Remarked(remark)
        self._follow(mine)

    def _follow(self, sealed: Sequence[Sealed]) -> None:
        """Where the parts are by now: joining may have moved them."""
        ids = [one.placed.part_id for one in sealed if one.placed.part_id]
        with self.intake.database.read() as tx:
            query = sa.select(part.c.id, part.c.recording_id).where(part.c.id.in_(ids))
            homes = {row.id: row.recording_id for row in tx.execute(query)}
        for one in sealed:
            home = homes.get(one.placed.part_id or "", one.placed.recording_id)
            self._sealed[one.path] = replace(one, placed=replace(one.placed, recording_id=home))

    def _remember(self, one: Measured, camera: Camera | None) -> None:
        """Keep where a file is that was in before, for what lies beside it."""
        known = self._known_as(one.clip.file)
        if known is not None and known.recording_id is not None and not known.destroyed:
            placed = Placed(known.recording_id, known.part_id, camera.id if camera else None, self._start(one))
            self._sealed[one.path] = Sealed(one.path, known.sha256, placed)

    def _start(self, one: Measured) -> Any:
        return start_of(one, self.orders.zone)

    def _take(
        self, one: Measured, key: str | None, camera: Camera | None, choice: Choice, *, counted: bool
    ) -> Iterator[Outcome]:
        file = one.clip.file
        try:
            received = self._receive(one, key)
        except OSError as error:
            yield self._give_up(one, camera, error, choice)
            return
        on_card, one = one, as_received(self.intake, one.clip, received)
        self._sealed[one.path] = Sealed(
            one.path,
            received.sha256,
            Placed(received.recording_id, received.part_id, camera.id if camera else None, self._start(one)),
        )
        keep_places(self.intake, self.card, one, self._sealed[one.path].placed, self.orders.who.account_id)
        whole = received.size >= file.size
        with self.intake.database.write() as tx:
            fingerprint = self._prints.get(file.path)
            if fingerprint is not None and whole:
                records.keep_file(
                    tx, self._reading, fingerprint, file, sha256=received.sha256, size=received.size,
                    recording_id=received.recording_id, part_id=received.part_id, clock=self.intake.clock,
                )  # fmt: skip
            if camera is not None and fingerprint is not None:
                report_file(
                    tx, camera.id, one, fingerprint, received.sha256, reader=choice.contents.reader,
                    zone=self.orders.zone, counted=counted, dock_id=self.orders.dock_id, clock=self.intake.clock,
                )  # fmt: skip
            if camera is not None and not whole:
                self._report_lost(tx, on_card, camera, choice)
            self._count(tx, file)
        yield ClipTaken(one.path, received, whole)
        if not whole:
            self.memory.given_up.add(file.as_it_was)
            read = f"only {received.size:,} of {file.size:,} bytes of it could be read; they are sealed"
            yield self._not_taken(one.path, read)
        self._tell(file)

    def _receive(self, one: Measured, key: str | None) -> Received:
        with self.intake.database.write() as tx:
            claim = self._claiming.clip(tx, one, None if key is None else self._part_of(key, one))
        return carry(self.intake, self.card, one.clip.file, claim, self._telling(one.clip.file))

    def _part_of(self, key: str, one: Measured) -> PartOf:
        begins = start_of(one, self.orders.zone)
        known = begins is not None and one.seconds is not None
        return PartOf(key, begins, begins + timedelta(seconds=one.seconds or 0) if begins and known else None)

    # small files

    def _beside(self, beside: Beside) -> Iterator[Outcome]:
        file = beside.file
        if any(path not in self._ready for path in (file.path, *beside.of)):
            return
        sealed = [self._sealed[path] for path in beside.of if path in self._sealed]
        known = self._known_as(file)
        if file.as_it_was in self.memory.given_up or (known is not None and not sealed):
            return
        camera = self._camera(None)
        device_id = sealed[0].placed.device_id if sealed else camera.id if camera else None
        claim = SidecarClaim(
            file.name, str(self.card.place / file.path), FACE, self.orders.who.account_id,
            device_id=device_id, dock_id=self.orders.dock_id,
        )  # fmt: skip
        if known is not None:
            late = attach_late(self.intake, self.card, beside, known, sealed, claim)
            if late is not None and known.sidecar_id is not None:
                paths = tuple(one.path for one in sealed)
                yield BesideTaken(file.path, known.sidecar_id, known.sha256, known.size, paths, tuple(late))
            return
        facts = self.memory.facts.of(self.card, file)
        try:
            sha256, size, sidecar_id, digests = keep_beside(self.intake, self.card, beside, facts, sealed, claim)
        except OSError as error:
            yield self._failed_to_read(file, error)
            return
        with self.intake.database.write() as tx:
            fingerprint = self._prints.get(file.path)
            if fingerprint is not None:
                records.keep_file(
                    tx, self._reading, fingerprint, file, sha256=sha256, size=size, sidecar_id=sidecar_id,
                    clock=self.intake.clock,
                )  # fmt: skip
            self._count(tx, file)
        yield BesideTaken(file.path, sidecar_id, sha256, size, tuple(one.path for one in sealed), tuple(digests))
        self._tell(file)

    # what fails, and how far it is

    def _give_up(self, one: Measured, camera: Camera | None, error: OSError, choice: Choice) -> NotTaken:
        if camera is not None:
            with self.intake.database.write() as tx:
                self._report_lost(tx, one, camera, choice)
        return self._failed_to_read(one.clip.file, error)

    def _report_lost(self, tx: sa.Connection, one: Measured, camera: Camera, choice: Choice) -> None:
        report_unreadable(
            tx, camera.id, one, reader=choice.contents.reader, zone=self.orders.zone, dock_id=self.orders.dock_id,
            clock=self.intake.clock,
        )  # fmt: skip

    def _failed_to_read(self, file: CardFile, error: OSError) -> NotTaken:
        self.memory.given_up.add(file.as_it_was)
        return self._not_taken(file.path, error.strerror or str(error))

    def _not_taken(self, path: str, reason: str) -> NotTaken:
        self._failed += 1
        with self.intake.database.write() as tx:
            event_id = records.note_failed(
                tx, str(self.card.place / path), PurePosixPath(path).name, reason, actor=self.orders.who.account_id,
                clock=self.intake.clock,
            )  # fmt: skip
            self._say_how_far(tx)
        return NotTaken(path, reason, event_id)

    def _telling(self, file: CardFile) -> Callable[[int], None]:
        def told(size: int) -> None:
            done = min(self._bytes + size, self._total)
            self.progress(Progress(file.path, self._done, len(self._todo), done, self._total))
            if time.monotonic() - self._told >= _SIGN:
                self._told = time.monotonic()
                with self.intake.database.write() as tx:
                    self._say_how_far(tx, done)

        return told

    def _count(self, tx: sa.Connection, file: CardFile) -> None:
        self._done, self._bytes = self._done + 1, self._bytes + file.size
        self._say_how_far(tx)

    def _tell(self, file: CardFile) -> None:
        """Never within a transaction: whoever hears may stop it all."""
        self.progress(Progress(file.path, self._done, len(self._todo), min(self._bytes, self._total), self._total))

    def _say_how_far(self, tx: sa.Connection, size: int | None = None) -> None:
        records.note_progress(
            tx, self._reading, files=self._done, size=self._bytes if size is None else size, failed=self._failed,
            clock=self.intake.clock,
        )  # fmt: skip


def _as_json(remark: Remark) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": remark.kind.value, "words": remark.words}
    found |= {"before": names.kept(remark.before), "after": names.kept(remark.after)}
    found |= {} if remark.seconds is None else {"seconds": remark.seconds}
    return found | ({} if remark.count is None else {"count": remark.count})
