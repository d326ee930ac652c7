"""Keeping the search index in step: called by whoever writes a recording, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from candor.footage.classification_rows import labels_of
from candor.footage.query import ANY_FLAG, NO_FLAG
from candor.footage.restriction_tables import recording_opening, restricted_place
from candor.footage.tables import part, recording, recording_term, recording_words
from candor.footage.words import UNCATEGORISED, Fact, cut, fact, key_of, named, place_word

#: SQLite: prefixes up to this length have lists of their own in the index; longer words are kept in recording_term.
LISTED_PREFIX = 5
#: PostgreSQL: beginnings up to this length are lexemes of their own. With “§p” before it a place's word has two less.
LISTED_BEGINNING = 8


#: What rooms above know of a recording and it is looked for by, as facts' words.
MORE: list[Callable[[Connection, str], Iterable[str]]] = []


def free_key(tx: Connection, started_at: datetime, recording_id: str) -> int:
    """The first free place in the order by start. Two writers can find the same one: the column is unique."""
    key = key_of(started_at, recording_id)
    while tx.execute(sa.select(recording.c.id).where(recording.c.started_key == key)).first() is not None:
        key += 1
    return key


def words_of(row: Any, names: Iterable[str], labels: Iterable[str] = ()) -> list[str]:
    """Every word of a recording, in order of the alphabet. `row` has the columns of `recording`; `names` are those of
    its parts; `labels` are those that hold."""
    texts = [row.title, row.notes, row.place or "", row.incident_number or "", row.category or ""]
    texts += [*row.tags, *row.custom.values(), *names]
    words = {word for text in texts for word in cut(text)}
    words |= {place_word(word) for word in cut(row.place or "")}
    words |= {fact(Fact.STATE, row.state)} | {fact(Fact.FLAG, flag) for flag in row.flags}
    words.add(fact(Fact.FLAG, ANY_FLAG if row.flags else NO_FLAG))
    known = {
        Fact.WEARER: row.wearer_id,
        Fact.UNIT: row.unit_id,
        Fact.DEVICE: row.device_id,
        Fact.DEVICE_KIND: row.device_kind,
    }
    words |= {fact(kind, value) for kind, value in known.items() if value is not None}
    texts_compared = {Fact.CATEGORY: row.category, Fact.INCIDENT: row.incident_number}
    words |= {named(kind, value) for kind, value in texts_compared.items() if value}
    words |= {fact(Fact.LABEL, label) for label in labels}
    if not row.category:
        words.add(UNCATEGORISED)
    return sorted(words)


def is_widened(word: str) -> bool:
    """Whether a word is kept in recording_term: it is longer than any listed prefix."""
    return len(word) > LISTED_PREFIX and is_begun(word)


def index_recording(tx: Connection, recording_id: str) -> None:
    """Write the words of a recording anew, as its row and its parts stand now in this transaction."""
    row = tx.execute(sa.select(recording).where(recording.c.id == recording_id)).one()
    names = tx.scalars(sa.select(part.c.name).where(part.c.recording_id == recording_id)).all()
    words = sorted({*words_of(row, names, labels_of(tx, recording_id)), *_opened(tx, recording_id)})
    words = sorted({*words, *(word for more in MORE for word in more(tx, recording_id))})
    _keep_place(tx, row)
    before = tx.execute(
        sa.select(recording_words.c.key, sa.cast(recording_words.c.words, sa.Text)).where(
            recording_words.c.recording_id == recording_id
        )
    ).first()
    values = {"key": row.started_key, "recording_id": recording_id, "words": stored(tx, words)}
    if before is None:
        tx.execute(recording_words.insert().values(values))
    else:
        tx.execute(recording_words.update().where(recording_words.c.key == before.key).values(values))
    if tx.dialect.name == "sqlite":
        old = set() if before is None else set(before.words.split())
        _keep_terms(tx, set(words) - old, old - set(words))


def _opened(tx: Connection, recording_id: str) -> set[str]:
    """Whom it was opened to beyond what roles reach: part of the question of what somebody may see."""
    open_now = recording_opening.c.recording_id == recording_id, recording_opening.c.ended_at.is_(None)
    return {
        fact(Fact.OPENED, account) for account in tx.scalars(sa.select(recording_opening.c.account_id).where(*open_now))
    }


def _keep_place(tx: Connection, row: Any) -> None:
    """A restricted recording that moves in the order by start stays restricted where it is then."""
    moved = restricted_place.c.recording_id == row.id, restricted_place.c.key != row.started_key
    tx.execute(restricted_place.update().where(*moved).values(key=row.started_key))


def fill_in(tx: Connection) -> None:
    """Bring the index to what this version looks for, after earlier ones wrote it: that a recording has no category is
    a word of its own. Does nothing twice."""
    lacks = recording_words.c.recording_id.in_(sa.select(recording.c.id).where(recording.c.category.is_(None)))
    if tx.dialect.name == "sqlite":
        known = sa.func.instr(recording_words.c.words, UNCATEGORISED) > 0
        more: Any = sa.func.trim(recording_words.c.words + f" {UNCATEGORISED}")
    else:
        # No parser of the server touches what is looked for: the word is one lexeme.
        added = stored(tx, [UNCATEGORISED])
        words = sa.cast([UNCATEGORISED], postgresql.ARRAY(sa.Text))
        known = sa.func.tsvector_to_array(recording_words.c.words).op("@>")(words)
        more = recording_words.c.words.op("||")(added)
    tx.execute(recording_words.update().where(lacks, sa.not_(known)).values(words=more))


def stored(tx: Connection, words: list[str]) -> Any:
    """Words as the column holds them. On PostgreSQL no parser of the server touches them."""
    if tx.dialect.name == "sqlite":
        return " ".join(words)
    return sa.func.array_to_tsvector(sa.cast(lexemes(words), postgresql.ARRAY(sa.Text)))


def lexemes(words: Iterable[str]) -> list[str]:
    """Words as PostgreSQL indexes them: themselves, and their beginnings as lexemes of their own.

    GIN gathers all rows of every word that begins so before it yields any; a lexeme it can look up.
    """
    found = set(words)
    for word in words:
        if is_begun(word):
            found |= {beginning(word[:length]) for length in range(1, min(len(word), LISTED_BEGINNING) + 1)}
    return sorted(found)


def beginning(prefix: str) -> str:
    """The lexeme of words that begin so. No word holds its sign."""
    return f"‹{prefix}"


def is_begun(word: str) -> bool:
    """Whether a word is searched by its beginning: those of texts and places are, other facts are not."""
    return word[0] != "§" or word[1] == Fact.PLACE.value


def _keep_terms(tx: Connection, new: set[str], gone: set[str]) -> None:
    """Add long words to recording_term, and take out those that no recording has any more."""
    added = [{"term": word} for word in sorted(new) if is_widened(word)]
    if added:
        tx.execute(sqlite_insert(recording_term).on_conflict_do_nothing(), added)
    still = sa.text("SELECT 1 FROM recording_fts WHERE recording_fts MATCH :word LIMIT 1")
    for word in sorted(filter(is_widened, gone)):
        if tx.execute(still, {"word": f'"{word}"'}).first() is None:
            tx.execute(recording_term.delete().where(recording_term.c.term == word))
