"""INSTRUCTIONS.txt of a package that hands out redacted copies. As `instructions`, with what is different said."""

from __future__ import annotations

from datetime import datetime

from candor.disclosure.instructions import instructions

__all__ = ["redacted_instructions"]


def redacted_instructions(
    *, agency: str, package: str, created_at: datetime, recipient: str, origin: str, vkey: str
) -> str:
    """The text, with what is particular to this package; lines of 78 characters, but for what is filled in."""
    text = instructions(
        agency=agency, package=package, created_at=created_at, recipient=recipient, origin=origin, vkey=vkey
    )
    for usual, here in _CHANGES:
        before, found, after = text.partition(usual)
        if not found:
            raise AssertionError(f"the instructions do not hold {usual[:40]!r}")
        text = before + here + after
    return text


_CHANGES = (
    (
        """This package holds original recordings and the history of each. You can check,
on your own computer and without the internet, that the recordings are the
ones that were sealed when the agency received them, and that their history is
whole. You need no account, and you need not trust whoever gave you this.
""",
        """This package holds one or more REDACTED COPIES of recordings: some of their
pictures or of their sound are hidden. The originals are not in here. You can
check, on your own computer and without the internet, that each copy is the
one that the agency made, recorded and handed out, what the agency says it hid
and why, and from which original (by its SHA-256) it was made. You need no
account, and you need not trust whoever gave you this.

redaction/01/edit-list.txt says what is hidden in the copy redacted-01.mp4,
and so on: each mask and each stretch of sound with its times, its kind and
the reason given. It is signed with the log's key. proof.json beside it says
how the agency's program compared the copy with the original. Only somebody
who holds the original can repeat that comparison (candor redact verify); a
court can have it done.

Of each recording's history only the making of its copies and this hand-out
are shown. The other events are withheld; step 10 says how many there are.

If the agency recalls what it has released, it says so on its public page;
this package stays what it is and cannot tell you. Look there.
""",
    ),
    ('    certutil -hashfile "data\\originals\\NAME" SHA256', '    certutil -hashfile "data\\redacted\\NAME" SHA256'),
    (
        """data/originals/         the recordings, exactly as received; play a copy
data/recordings.json    what the agency's catalogue says of them
data/case-uco.jsonld    the same for forensic laboratories (CASE/UCO)
custody/                the history of each recording, a proof for every
                        event, the log's signed checkpoint
certificate-draft.pdf   a draft for counsel (FRE 902(13), 902(14)): unsigned,
                        and worth nothing until it is reviewed and signed;
                        the only paper here that nothing vouches for
""",
        """data/redacted/          the redacted copies
data/redacted.json      which copy of which recording each is, by numbers
data/release/           papers of a release: a summary in plain language, and
                        what was held back and why
redaction/              for each copy the signed edit list, and the proof
                        without the places at which something may be left
custody/                the events shown with their proofs, and the log's
                        signed checkpoint
""",
    ),
    (
        """A name that ends in .bin after another ending was blunted, so that a double
click does not run or open the file. Its bytes are exactly those received; its
name as received stands in data/recordings.json.
""",
        "",
    ),
)
