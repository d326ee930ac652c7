"""The receipt of what was given by a link: as a document that programs read, and as a page to print (PDF).

Each file has its SHA-256, and the entry of the custody log that says when it was sealed, with what opens that entry. So
whoever kept the receipt and the file can show later, without the agency, that this file was given and when: the file
has that SHA-256, the opened entry names it, and the public log has the entry at its place.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from candor import __version__
from candor.core.clock import iso
from candor.docking.links.service import Given

__all__ = ["Receipt", "receipt_document", "receipt_pdf"]

_ELSEWHERE = "[in letters that this form does not print; the page and the data file have them]"


@dataclass(frozen=True)
class Receipt:
    """What a receipt says. `number`: of the link; `log`, `vkey`: the custody log's name and verifier key;
    `where`: public address of the site, if it is known."""

    agency: str
    number: str
    incident_number: str
    made_at: datetime
    log: str
    vkey: str
    where: str | None
    files: Sequence[Given]


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """The receipt as JSON. Sizes in bytes; times ISO 8601 in UTC; `entry.index`: place in the log, null on its way;
    `entry.salt` in hexadecimal digits. How an entry is opened: the custody format, “What an entry hides”."""
    return {
        "v": 1,
        "receipt": receipt.number,
        "agency": receipt.agency,
        "incident_number": receipt.incident_number,
        "made_at": iso(receipt.made_at),
        "log": {"origin": receipt.log, "vkey": receipt.vkey, "address": receipt.where and f"{receipt.where}/log"},
        "files": [
            {
                "name": one.name,
                "size": one.size,
                "sha256": one.sha256.hex(),
                "sealed_at": iso(one.sealed_at),
                "entry": {
                    "index": one.position,
                    "leaf": one.leaf,
                    "payload": one.payload,
                    "salt": one.salt.hex(),
                },
            }
            for one in receipt.files
        ],
    }


def receipt_pdf(receipt: Receipt) -> bytes:
    """The receipt on paper, US Letter."""
    from reportlab.lib.pagesizes import LETTER  # what makes PDFs takes a third of a second to load
    from reportlab.lib.units import inch
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import SimpleDocTemplate

    def foot(canvas: Canvas, document: Any) -> None:
        canvas.setFont("Times-Roman", 9)
        canvas.drawString(1 * inch, 0.6 * inch, f"Receipt {receipt.number} · Candor {__version__}")
        canvas.drawRightString(LETTER[0] - 1 * inch, 0.6 * inch, f"Page {document.page}")

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=LETTER,
        leftMargin=0.92 * inch,
        rightMargin=0.92 * inch,
        topMargin=0.9 * inch,
        bottomMargin=1 * inch,
        title=f"Receipt {receipt.number}",
        author=_printed(receipt.agency),
        invariant=True,  # the same receipt is the same file
    )
    document.build(_story(receipt), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _story(receipt: Receipt) -> list[Any]:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import inch
    from reportlab.platypus import Paragraph, Spacer, Table, TableStyle

    body = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=15, spaceAfter=7)
    title = ParagraphStyle("title", parent=body, fontName="Times-Bold", fontSize=17, leading=22, spaceAfter=4)
    head = ParagraphStyle("head", fontName="Times-Bold", fontSize=9.5, leading=12)
    cell = ParagraphStyle("cell", fontName="Times-Roman", fontSize=9.5, leading=12, splitLongWords=True)
    code = ParagraphStyle("code", fontName="Courier", fontSize=8, leading=10.5)
    rows = [[Paragraph(words, head) for words in ("File", "Bytes", "SHA-256", "Sealed (UTC)", "Entry")]]
    for one in receipt.files:
        digest = one.sha256.hex()
        sealed = f"{one.sealed_at:%Y-%m-%d}<br/>{one.sealed_at:%H:%M:%S}"
        entry = "on its way" if one.position is None else str(one.position)
        rows.append(
            [
                Paragraph(escape(_printed(one.name)), cell),
                Paragraph(f"{one.size:,}", cell),
                Paragraph(f"{digest[:32]}<br/>{digest[32:]}", code),
                Paragraph(sealed, cell),
                Paragraph(entry, cell),
            ]
        )
    table = Table(
        rows, colWidths=[1.9 * inch, 0.95 * inch, 2.3 * inch, 0.85 * inch, 0.65 * inch], repeatRows=1, hAlign="LEFT"
    )
    line = colors.HexColor("#999999")
    table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, line), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return [
        Paragraph("Receipt for footage", title),
        Paragraph(
            f"{escape(_printed(receipt.agency))} has received the files below, for case "
            f"{escape(_printed(receipt.incident_number))}. Receipt number <b>{receipt.number}</b>, as of "
            f"{receipt.made_at:%Y-%m-%d %H:%M} UTC. Thank you.",
            body,
        ),
        Spacer(1, 4),
        table,
        Spacer(1, 12),
        *(Paragraph(text, body) for text in _proof(receipt)),
    ]


def _proof(receipt: Receipt) -> list[str]:
    """How the giver can show later what was given."""
    where = f" at {escape(receipt.where)}/log" if receipt.where else ""
    return [
        "<b>What was kept.</b> Each file was sealed as it arrived, unchanged, and is kept encrypted. Whoever opens it "
        "is put on record before it is opened.",
        "<b>How to prove it later.</b> Keep this receipt and, if you can, the files as they are. A file is the one "
        "that was given if its SHA-256 is the one above: <font face='Courier' size='9'>sha256sum FILE</font> on Linux, "
        "<font face='Courier' size='9'>shasum -a 256 FILE</font> on a Mac, <font face='Courier' size='9'>certutil "
        "-hashfile FILE SHA256</font> on Windows.",
        f"The sealing of each file is an entry of a public log{where}, which nobody can change unnoticed, not even the "
        f"agency. Its name is {escape(_printed(receipt.log))}; its verifier key is "
        f"<font face='Courier' size='8.5'>{escape(receipt.vkey)}</font>. The data file of this receipt (JSON) has what "
        "opens those entries: with it anyone can check that the entry with the number above names your file.",
    ]


def _printed(text: str) -> str:
    """The text if the fonts that every PDF reader has know its letters."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return _ELSEWHERE
    return text if text.isprintable() else _ELSEWHERE
