"""WebVTT (W3C Candidate Recommendation, 4 April 2019) in and out, with the times of words.

Read: cues, their times, voices, classes (left aside), timestamps of words, character references, NOTE, STYLE and REGION
(left aside), settings (left aside), any line ending, a byte order mark. What breaks the form is refused with its line;
nothing is guessed, and everything is bounded. Written: what `read` reads to the same words at the same times.

Pure: bytes and text, no file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

from candor.footage.transcript_text import Cue, TranscriptText, Word, WordOrigin, spread

__all__ = ["MAX_BYTES", "VttWrong", "read", "timestamp", "write"]

MAX_BYTES: Final = 8 << 20
MAX_CUES: Final = 50_000
MAX_WORDS: Final = 400_000
MAX_CUE_CHARACTERS: Final = 20_000
MAX_MS: Final = 100 * 3_600_000 - 1
_LONGEST_VOICE: Final = 100

_TIME: Final = r"(?:(\d{2,3}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMESTAMP: Final = re.compile(_TIME, re.ASCII)
_TIMING: Final = re.compile(rf"[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t].*)?", re.ASCII)
_VOICE: Final = re.compile(r"v(?:\.\S*)?\s+(.*)", re.DOTALL)
_TOKEN: Final = re.compile(r"<([^<>]*)>|([^<]+)")
_LANGUAGE: Final = re.compile(r"(?:NOTE[ \t]+)?Language:[ \t]*([A-Za-z0-9-]{2,35})[ \t]*", re.ASCII)
_ASIDE: Final = re.compile(r"(?:NOTE(?:[ \t].*)?|STYLE[ \t]*|REGION[ \t]*)")


class VttWrong(ValueError):
    """What should be a WebVTT file is none; the text says where and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line


def read(data: bytes) -> TranscriptText:
    """The text of a WebVTT file, its cues in the order of their beginnings. Words have the times that stand in it, or
    share the time of their cue. Raises VttWrong."""
    if len(data) > MAX_BYTES:
        raise VttWrong(1, f"it has more than {MAX_BYTES >> 20} MiB")
    lines = _lines(data)
    if not lines or not (lines[0] == "WEBVTT" or lines[0].startswith(("WEBVTT ", "WEBVTT\t"))):
        raise VttWrong(1, "it does not begin with WEBVTT")
    language = ""
    cues: list[Cue] = []
    words = 0
    for first, block in _blocks(lines):
        said = next((found for line in block if (found := _LANGUAGE.fullmatch(line))), None)
        if first == 1:  # what stands under WEBVTT without a blank line between
            language = said[1] if said else language
        elif _ASIDE.fullmatch(block[0]) and "-->" not in block[0]:
            language = said[1] if said and block[0].startswith("NOTE") and not language else language
        else:
            cue = _cue(first, block)
            words += len(cue.words)
            cues += [cue] if cue.words else []
        if len(cues) > MAX_CUES or words > MAX_WORDS:
            raise VttWrong(first, f"it has more than {MAX_CUES} cues or {MAX_WORDS} words")
    return TranscriptText(tuple(sorted(cues, key=lambda cue: (cue.begin, cue.until))), language)


def _lines(data: bytes) -> list[str]:
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise VttWrong(line, "it is not UTF-8") from error
    text = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines that stand together, with the number of the first (from 1); the first block is the heading."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(first: int, block: Sequence[str]) -> Cue:
    number = first
    if "-->" not in block[0]:  # its identifier
        if len(block) == 1:
            raise VttWrong(first, "this is neither a cue nor a note")
        number, block = first + 1, block[1:]
    found = _TIMING.fullmatch(block[0])
    if found is None:
        raise VttWrong(number, "this should be the times of a cue, such as 00:01.000 --> 00:04.000")
    begin, until = _ms(found.groups()[:4]), _ms(found.groups()[4:])
    if not begin < until <= MAX_MS:
        raise VttWrong(number, "the cue ends before it begins, or is later than any recording")
    payload = "\n".join(block[1:])
    if len(payload) > MAX_CUE_CHARACTERS:
        raise VttWrong(number, f"the cue has more than {MAX_CUE_CHARACTERS} characters")
    if "-->" in payload:
        raise VttWrong(number, "an arrow stands in the text of the cue; a blank line may be missing before a cue")
    return _Payload(number, begin, until).read(payload)


def _ms(groups: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(one or 0) for one in groups)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


class _Payload:
    """The text of one cue, on its way to words."""

    def __init__(self, line: int, begin: int, until: int) -> None:
        self._line, self._begin, self._until = line, begin, until
        self._words: list[Word] = []
        self._waiting = ""  # text since the last timestamp
        self._since = begin
        self._voices: list[str] = []

    def read(self, payload: str) -> Cue:
        place = 0
        for token in _TOKEN.finditer(payload):
            if token.start() != place:
                break
            place = token.end()
            if token[1] is None:
                self._waiting += token[2]
            else:
                self._tag(token[1])
        if place != len(payload):
            raise VttWrong(self._line, "a “<” in the cue has no “>”, or stands for itself; write &lt; for it")
        self._close(self._until)
        return Cue(self._begin, self._until, tuple(self._words), ", ".join(self._voices)[:_LONGEST_VOICE])

    def _tag(self, tag: str) -> None:
        found = _TIMESTAMP.fullmatch(tag)
        if found is not None:
            at = _ms(found.groups())
            if not self._since <= at <= self._until:
                raise VttWrong(self._line, f"the time <{tag}> does not lie behind the one before it, within its cue")
            self._close(at)
        voice = _VOICE.fullmatch(tag)
        if voice is not None:
            name = _clean(html.unescape(voice[1]))
            if name and name not in self._voices:
                self._voices.append(name)
        # What else stands in angle brackets (c, i, b, u, ruby, rt, lang, and their ends) changes how words look.

    def _close(self, at: int) -> None:
        """What was read since the last timestamp is said by now."""
        texts = [word for word in map(_visible, html.unescape(self._waiting).split()) if word]
        if texts:
            self._words += spread(texts, self._since, at, WordOrigin.FILE, timed=True)
        self._waiting, self._since = "", at


def _visible(word: str) -> str:
    """Without characters that a reader does not see, such as marks of direction."""
    return "".join(one for one in word if one.isprintable())


def _clean(text: str) -> str:
    return " ".join(_visible(word) for word in text.split())


def write(text: TranscriptText, *, notes: Sequence[str] = (), marked: bool = False) -> str:
    """A WebVTT file. `notes`: what stands above the cues, a line each, such as who wrote it. `marked`: every word that
    a machine or a person wrote is in a class of that name, a machine's also in one such as confidence-87."""
    blocks = ["WEBVTT"]
    if text.language:
        blocks.append(f"NOTE Language: {text.language}")
    blocks += [f"NOTE {_clean(note).replace('-->', '→')}" for note in notes]
    for number, cue in enumerate(text.cues, 1):
        timing = f"{timestamp(cue.begin)} --> {timestamp(max(cue.until, cue.begin + 1))}"
        blocks.append(f"{number}\n{timing}\n{_payload(cue, marked)}")
    return "\n\n".join(blocks) + "\n"


def _payload(cue: Cue, marked: bool) -> str:
    voice = _clean(cue.voice)
    said = f"<v {_escaped(voice)}>" if voice else ""
    at = cue.begin  # where a reader stands
    for place, word in enumerate(cue.words):
        said += " " if place else ""
        if word.timed and at < word.begin < cue.until:
            said += f"<{timestamp(word.begin)}>"
            at = word.begin
        said += _marked(word) if marked else _escaped(word.text)
        following = cue.words[place + 1] if place + 1 < len(cue.words) else None
        follows_on = following is not None and following.timed and following.begin == word.until
        if word.timed and not follows_on and at < word.until < cue.until:
            said += f"<{timestamp(word.until)}>"
            at = word.until
    return said


def _marked(word: Word) -> str:
    if word.origin is WordOrigin.FILE:
        return _escaped(word.text)
    sure = "" if word.confidence is None else f".confidence-{round(100 * word.confidence)}"
    return f"<c.{word.origin.value}{sure}>{_escaped(word.text)}</c>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def timestamp(ms: int) -> str:
    """Milliseconds as 00:00:01.000."""
    seconds, thousandths = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
