"""What the redaction editor, and whoever mutes by words, is told of what is said in a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage.transcript_text import TranscriptText, Word
from candor.footage.transcripts import Transcript, TranscriptState, text_of, transcripts_of_part
from candor.people.tables import account
from candor.redaction.suggesting import Suggestion, suggestions_in
from candor.store import Vault

__all__ = ["ForEditor", "cover", "suggested", "transcript_for"]

#: Milliseconds that are muted before and behind a word whose times were said: machines are off by about as much.
MARGIN: Final = 150
_MOST_PEOPLE: Final = 10_000


@dataclass(frozen=True)
class ForEditor:
    """A part's transcript. `words`: as JSON, in order: {"begin", "until", "text", "confidence" (0 to 1 or None),
    "origin", "cover": [begin, until]}, all times in milliseconds of the viewing copy; `cover` is what has to be muted
    so that the word is not heard. `suggestions`: {"kind", "words": [first, last] (numbers of words, both included),
    "text", "why", "confidence", "cover"}. `speech`: [begin, until] where somebody speaks, or None when no machine
    listened for that."""

    transcript_id: str | None = None
    version: int = 0
    language: str = ""
    origin: str = ""
    engine: str = ""
    rough: bool = False
    words: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    speech: list[list[int]] | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything, as a JSON object."""
        return {**vars(self)}


def transcript_for(tx: Connection, vault: Vault, part_id: str, *, names: Sequence[str] | None = None) -> ForEditor:
    """The transcript of a part that an editor works with: the newest that has words, with the stretches of speech of
    the newest that has those. `names`: of people, which are looked for in it; None: of the agency's own.

    Whoever calls has begun a viewing of the recording: this tells what is said in it.
    """
    ready = [one for one in transcripts_of_part(tx, part_id) if one.state is TranscriptState.READY]
    chosen: tuple[Transcript, TranscriptText] | None = None
    speech: list[list[int]] | None = None
    for one in ready:
        text = text_of(tx, vault, one)
        if speech is None and text.speech is not None:
            speech = [list(stretch) for stretch in text.speech]
        if chosen is None and text.cues:
            chosen = one, text
        if chosen is not None and speech is not None:
            break
    if chosen is None:
        return ForEditor(speech=speech)
    found, text = chosen
    words, covers = text.words, cover(text)
    return ForEditor(
        found.id,
        found.version,
        text.language,
        found.origin.value,
        found.engine or "",
        found.rough,
        [_word(word, covered) for word, covered in zip(words, covers, strict=True)],
        suggested(words, covers, _people(tx) if names is None else names),
        speech,
    )


def cover(text: TranscriptText) -> list[tuple[int, int]]:
    """What has to be muted so that a word is not heard, word by word: its own time and a margin where its times were
    said, the whole of its cue where they were not."""
    found: list[tuple[int, int]] = []
    for cue in text.cues:
        for word in cue.words:
            begin, until = (word.begin, word.until) if word.timed else (cue.begin, cue.until)
            found.append((max(0, begin - MARGIN), until + MARGIN))
    return found


def suggested(
    words: Sequence[Word], covers: Sequence[tuple[int, int]], names: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What is suggested for muting, as JSON."""
    return [_suggestion(one, words, covers) for one in suggestions_in([word.text for word in words], names=names)]


def _people(tx: Connection) -> list[str]:
    """The names of the agency's people, whose voices and names are in its recordings most."""
    return list(tx.scalars(sa.select(account.c.display_name).limit(_MOST_PEOPLE)))


def _word(word: Word, covered: tuple[int, int]) -> dict[str, Any]:
    return {
        "begin": word.begin,
        "until": word.until,
        "text": word.text,
        "confidence": None if word.confidence is None else round(word.confidence, 3),
        "origin": word.origin.value,
        "cover": list(covered),
    }


def _suggestion(one: Suggestion, words: Sequence[Word], covers: Sequence[tuple[int, int]]) -> dict[str, Any]:
    within = range(one.first, one.last + 1)
    return {
        "kind": one.kind.value,
        "words": [one.first, one.last],
        "text": " ".join(words[place].text for place in within),
        "why": one.why,
        "confidence": one.confidence,
        "cover": [min(covers[place][0] for place in within), max(covers[place][1] for place in within)],
    }
