"""Asking independent witnesses to cosign our checkpoints (C2SP tlog-witness), and standing it when they are away.

Sealing never waits for a witness. A checkpoint that no quorum cosigned is published all the same and says so by
having no cosignatures; a witness that answers again is asked for the newest checkpoint only.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from candor.core.clock import Clock
from candor.core.database import Database
from candor.core.errors import CandorError, SettingsWrong
from candor.custody.keys import check_signature
from candor.custody.tables import log_checkpoint, log_head, log_witness
from candor.custody.tile_files import LogFiles
from candor.custody.witness_client import Conflict, WitnessRefused, add_checkpoint, latest
from candor.verify.checkpoint import Checkpoint, verify_checkpoint
from candor.verify.cosignature import verify_cosignature
from candor.verify.errors import VerifyError
from candor.verify.merkle import consistency_proof
from candor.verify.note import COSIGNATURE_ED25519, Note, Signature, VerifierKey
from candor.verify.policy import Policy, PolicyGroup, PolicyLog, PolicyWitness
from candor.verify.tiles import TileReader

_logger = logging.getLogger("candor.custody")

#: Seconds a witness has to answer; the sequencer waits for no longer than this.
ANSWER_WITHIN = 2.0
#: Seconds between two rounds to the same witness, and the longest wait after failures.
ROUND_EVERY, BACK_OFF_TO = 1.0, 60.0
#: Seconds after which a witness that did not say what it holds is asked again.
HEAR_AGAIN = 15.0


@dataclass(frozen=True)
class WitnessState:
    """How one witness is doing. `size` is the newest size it cosigned; `problem` is None when it answered well."""

    name: str
    vkey: str
    url: str
    size: int
    cosigned_at: datetime | None
    problem: str | None
    problem_since: datetime | None


@dataclass
class _Witness:
    key: VerifierKey
    url: str
    next_try: float = 0.0
    failures: int = 0
    size: int = field(default=-1)  # newest size it is known to hold; -1: not read yet
    heard: bool = False  # whether it said what it holds since we started, or since it last objected
    next_hearing: float = 0.0


@dataclass(frozen=True)
class Cosigned:
    """Cosignatures of one checkpoint, fresh from the witnesses."""

    size: int
    note: str
    signatures: tuple[Signature, ...]


class Witnessing:
    """The witnesses of one installation, each given as 'VKEY URL'."""

    def __init__(
        self, database: Database, files: LogFiles, clock: Clock, witnesses: tuple[str, ...], quorum: int = 0
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._quorum = quorum
        self._witnesses = [_parse(text) for text in witnesses]
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self._witnesses)), thread_name_prefix="witness")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def policy(self, log: VerifierKey, quorum: int) -> Policy:
        """The trust policy of this log and its witnesses: `quorum` of them must have cosigned."""
        logs = (PolicyLog(log),)
        members = tuple(PolicyWitness(f"w{n}", one.key, one.url) for n, one in enumerate(self._witnesses, 1))
        if not quorum or not members:
            return Policy(logs, members, (), None)
        if quorum > len(members):
            raise SettingsWrong(
                reason=f"CANDOR_WITNESS_QUORUM asks for {quorum} witnesses, CANDOR_WITNESSES names {len(members)}"
            )
        group = PolicyGroup("witnesses", quorum, tuple(member.name for member in members))
        return Policy(logs, members, (group,), "witnesses")

    def latest(self, log: VerifierKey) -> list[tuple[str, Checkpoint]]:
        """What the witnesses hold of the log, for the check at start; those that do not answer are left out.

        Only what the log's own key signed counts: a witness cannot stop the log by making something up.
        """
        return [(where, Checkpoint.parse(note.text)) for where, note in self.latest_notes(log)]

    def latest_notes(self, log: VerifierKey) -> list[tuple[str, Note]]:
        """As `latest`, each as the note that the witness gave, with the cosignatures it has."""

        def ask(witness: _Witness) -> tuple[str, Note] | None:
            witness.next_hearing = time.monotonic() + HEAR_AGAIN
            try:
                found = latest(witness.url, log.name, timeout=ANSWER_WITHIN)
                witness.heard = True
                if found is None:
                    return None
                verify_checkpoint(found, [log], check_signature)
                return f"the witness {witness.key.name}", found
            except (CandorError, VerifyError, OSError) as error:
                self._problem(witness, str(error))
                return None

        due = [one for one in self._witnesses if not one.heard and one.next_hearing <= time.monotonic()]
        return [found for found in self._pool.map(ask, due) if found is not None]

    def must_be_heard(self) -> bool:
        """Whether a witness has yet to say what it holds, and it is time to ask."""
        now = time.monotonic()
        return any(not one.heard and one.next_hearing <= now for one in self._witnesses)

    def hear_all_again(self) -> None:
        """Ask every witness anew at the next `latest`."""
        for one in self._witnesses:
            one.heard, one.next_hearing = False, 0.0

    def silent(self) -> tuple[str, ...]:
        """Names of the witnesses that have not said what they hold."""
        return tuple(one.key.name for one in self._witnesses if not one.heard)

    def has_heard(self) -> bool:
        """Whether any witness has said what it holds."""
        return any(one.heard for one in self._witnesses)

    def begin_anew(self) -> None:
        """Another log follows: what the witnesses hold of the one before says nothing about it."""
        for one in self._witnesses:
            one.size, one.failures, one.next_try = -1, 0, 0.0
        self.hear_all_again()

    def states(self, tx: sa.Connection) -> tuple[WitnessState, ...]:
        """How each configured witness is doing."""
        rows = {row.vkey: row for row in tx.execute(sa.select(log_witness))}
        found = []
        for one in self._witnesses:
            row = rows.get(one.key.format())
            found.append(
                WitnessState(one.key.name, one.key.format(), one.url, 0, None, None, None)
                if row is None
                else WitnessState(
                    row.name, row.vkey, row.url, row.size, row.cosigned_at, row.problem, row.problem_since
                )
            )
        return tuple(found)

    def ask_for_newest(self) -> Cosigned | None:
        """Ask every witness whose turn it is to cosign the newest checkpoint; what came back is for `store`.

        Takes as long as the slowest answer, so it is called without the sequencer's turn.
        """
        now = time.monotonic()
        due = [one for one in self._witnesses if one.next_try <= now]
        if not due:
            return None
        with self._database.read() as tx:
            newest = tx.execute(
                sa.select(log_checkpoint)
                .where(log_checkpoint.c.note.is_not(None))
                .order_by(log_checkpoint.c.size.desc())
                .limit(1)
            ).first()
            if newest is None:
                return None
            for one in due:
                if one.size < 0:
                    row = tx.execute(
                        sa.select(log_witness.c.size).where(log_witness.c.vkey == one.key.format())
                    ).first()
                    one.size = row.size if row else 0
        have = {line.key_id for line in Note.parse(newest.note + newest.cosignatures).signatures}
        due = [one for one in due if one.key.key_id not in have]
        if not due:
            return None
        note = Note.parse(newest.note)
        reader = TileReader(newest.size, newest.root, self._files.fetch)
        lines = [line for line in self._pool.map(lambda one: self._ask(one, note, newest.size, reader), due) if line]
        return Cosigned(newest.size, newest.note, tuple(lines)) if lines else None

    def _ask(self, witness: _Witness, note: Note, size: int, reader: TileReader) -> Signature | None:
        try:
            old = min(witness.size, size)
            answer = self._submit(witness, old, note, size, reader)
            if isinstance(answer, Conflict):  # it holds another size than we thought: once more from there
                if answer.size > size:
                    raise _Ahead(name=witness.key.name, size=answer.size)
                answer = self._submit(witness, answer.size, note, size, reader)
            if isinstance(answer, Conflict):
                raise _Ahead(name=witness.key.name, size=answer.size)
            signature = next(line for line in answer if line.is_by(witness.key))
            verify_cosignature(note.text, signature, witness.key, check_signature)
        except (CandorError, VerifyError, OSError, StopIteration) as error:
            witness.failures += 1
            if isinstance(error, (_Ahead, WitnessRefused)):  # it knows another history: hear it out before signing on
                witness.heard, witness.next_hearing = False, 0.0
            witness.next_try = time.monotonic() + min(BACK_OFF_TO, ROUND_EVERY * 2**witness.failures)
            self._problem(witness, str(error) or "it answered without a signature of its key")
            return None
        witness.failures, witness.size = 0, size
        witness.next_try = time.monotonic() + ROUND_EVERY
        return signature

    @staticmethod
    def _submit(
        witness: _Witness, old: int, note: Note, size: int, reader: TileReader
    ) -> tuple[Signature, ...] | Conflict:
        proof = consistency_proof(reader.read, old, size)
        return add_checkpoint(witness.url, old, proof, note, timeout=ANSWER_WITHIN)

    def store(self, cosigned: Cosigned) -> None:
        """Keep cosignatures, and publish them if theirs is still the newest checkpoint. The caller has the turn."""
        size, note, signatures = cosigned.size, cosigned.note, cosigned.signatures
        now = self._clock.now()
        with self._database.write() as tx:
            before = tx.execute(
                sa.select(log_checkpoint.c.cosignatures).where(
                    log_checkpoint.c.size == size, log_checkpoint.c.note == note
                )
            ).scalar_one_or_none()
            if before is None:  # of a log that was handed over while the witnesses answered
                return
            lines = list(dict.fromkeys(before.splitlines() + [one.format() for one in signatures]))
            cosignatures = "".join(line + "\n" for line in lines)
            witnessed = now if self._quorum_met(tx, note + cosignatures) else None
            tx.execute(
                log_checkpoint.update()
                .where(log_checkpoint.c.size == size)
                .values(cosignatures=cosignatures, witnessed_at=witnessed)
            )
            for one in self._witnesses:
                if any(signature.is_by(one.key) for signature in signatures):
                    self._row(tx, one, size=size, cosigned_at=now, problem=None, problem_since=None)
            newest = tx.scalar(sa.select(sa.func.max(log_checkpoint.c.size)).where(log_checkpoint.c.note.is_not(None)))
        if newest == size:
            self._files.publish(note + cosignatures)

    def _quorum_met(self, tx: sa.Connection, note: str) -> bool:
        """With no quorum asked for, one cosignature counts as witnessed."""
        vkey = tx.execute(sa.select(log_head.c.vkey)).scalar_one()
        policy = self.policy(VerifierKey.parse(vkey), self._quorum or 1)
        signed = {line.key_id for line in Note.parse(note).signatures}
        return policy.is_met_by(key for key in policy.witness_keys if key.key_id in signed)

    def _problem(self, witness: _Witness, problem: str) -> None:
        with self._database.write() as tx:
            row = tx.execute(sa.select(log_witness).where(log_witness.c.vkey == witness.key.format())).first()
            if row is not None and row.problem == problem:
                return
            since = row.problem_since if row is not None and row.problem else self._clock.now()
            self._row(tx, witness, problem=problem, problem_since=since)
        _logger.warning("witness %s: %s", witness.key.name, problem)

    @staticmethod
    def _row(tx: sa.Connection, witness: _Witness, **values: object) -> None:
        changed = tx.execute(log_witness.update().where(log_witness.c.vkey == witness.key.format()).values(**values))
        if changed.rowcount == 0:
            first = {"name": witness.key.name, "vkey": witness.key.format(), "url": witness.url, "size": 0}
            tx.execute(log_witness.insert(), {**first, **values})


class _Ahead(CandorError):
    """The witness {name} holds size {size}, which this log has not signed: either the log was set back, or
    somebody else signs with its key."""

    exit_code = 6


def _parse(text: str) -> _Witness:
    vkey, _, url = text.strip().partition(" ")
    try:
        key = VerifierKey.parse(vkey)
    except VerifyError as error:
        raise SettingsWrong(reason=f"CANDOR_WITNESSES: {error}") from error
    if key.type != COSIGNATURE_ED25519 or not url.strip().startswith(("http://", "https://")):
        raise SettingsWrong(reason=f"CANDOR_WITNESSES: each is 'VKEY URL' of a cosigning key, not {text!r}")
    return _Witness(key, url.strip())
