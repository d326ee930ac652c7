"""The letter for a side: how it comes in, its code, its key, and how it checks what it is given. Plain text.

It holds secrets that are kept nowhere here: it is made once, when access is given, from what was shown then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from textwrap import fill
from zoneinfo import ZoneInfo

from candor.disclosure.discovery.rules import SIDE_WORDS, PartySide

__all__ = ["Letter", "letter_text"]


@dataclass(frozen=True)
class Letter:
    """What stands in it. `address` is where the side comes in; `identity` is None where the side has its key."""

    agency: str
    number: str
    case: str
    side: PartySide
    holder: str
    address: str
    code: str
    identity: str | None
    ends_at: datetime
    zone: str
    fingerprint: str


def letter_text(letter: Letter) -> str:
    """The letter; lines end as Notepad of old Windows shows them too."""
    until = f"{letter.ends_at.astimezone(ZoneInfo(letter.zone)):%Y-%m-%d %H:%M} ({letter.zone})"
    parts = [
        f"DISCOVERY {letter.number}",
        f"From:   {letter.agency}\nTo:     {letter.holder}, for {SIDE_WORDS[letter.side]}\nCase:   {letter.case}",
        "This letter opens the discovery. Keep it as you keep a key: whoever has it can come in.",
        f"1. COME IN\n\n   Address:  {letter.address}\n   Code:     {letter.code}\n   Until:    {until}",
        "You agree to nothing by coming in. Both sides are given the same package, byte for byte, and each can see "
        "what of the case is in it and what is withheld, with the reason.",
        _of_key(letter.identity),
        "3. CHECK WHAT YOU WERE GIVEN",
        "The package proves by itself that nothing was changed and nothing left out. How, stands in INSTRUCTIONS.txt "
        "in it. The fingerprint of the custody log's key, to compare with what the check shows:",
        "\n".join(f"    {letter.fingerprint[at : at + 32]}" for at in range(0, len(letter.fingerprint), 32)),
    ]
    text = "\n\n".join(one if "\n" in one or one.startswith("    ") else fill(one, 76) for one in parts)
    return (text + "\n").replace("\n", "\r\n")


def _of_key(identity: str | None) -> str:
    if identity is None:
        have = "You have it from the letter with the first code. It goes on being the key for what you watch."
        return f"2. YOUR KEY\n\n{fill(have, 76)}"
    said = (
        "What you watch in the browser is put on record so that only this key opens it. Neither the agency nor the "
        "other side can read it, nor get the key from the agency, which has not kept it. A court can have it opened "
        "with your key: candor discovery open --key THIS-FILE --record YOUR-RECORD"
    )
    return f"2. YOUR KEY\n\n    {identity}\n\n{fill(said, 76)}"
