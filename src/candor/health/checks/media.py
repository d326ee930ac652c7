"""What makes viewing copies and papers: codecs, the limited process that parses footage, fonts."""

from __future__ import annotations

import io
from typing import Literal

import av
from av.codec.codec import UnknownCodecError

from candor.core.limited import LimitedError, confinement
from candor.health.findings import Finding, bad, ok, together, warn
from candor.health.place import Place

#: What cameras record, and what viewing copies are made of.
DECODERS = {"h264": "H.264", "hevc": "H.265", "mpeg4": "MPEG-4", "mjpeg": "Motion JPEG", "aac": "AAC", "mp3": "MP3"}
ENCODERS = {"libx264": "H.264 (libx264)", "aac": "AAC", "mjpeg": "JPEG"}


def codecs(place: Place) -> Finding:
    """The codecs of the FFmpeg libraries that came with PyAV."""
    without = [words for name, words in DECODERS.items() if not _has(name, "r")]
    unmade = [words for name, words in ENCODERS.items() if not _has(name, "w")]
    mend = "Install PyAV from its own wheel (pip install --force-reinstall av); one of a distribution may lack codecs."
    found = []
    if without:
        found.append(bad("codecs", f"Cannot be read: {', '.join(without)}.", mend))
    if unmade:
        found.append(bad("codecs", f"Cannot be made: {', '.join(unmade)}; there will be no viewing copies.", mend))
    return together("codecs", f"FFmpeg {av.ffmpeg_version_info}: every codec needed is there.", found)


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(name, mode)
    except (UnknownCodecError, ValueError):
        return False
    return True


def limited(place: Place) -> Finding:
    """How the process that parses footage is confined here: one is started to find out."""
    try:
        measures = confinement()
    except LimitedError as error:
        words = f"A limited process cannot be started: {error}"
        return bad("limited", words, "Without it no footage is examined. See how many processes may run (ulimit -u).")
    missing = [f"{name} ({why})" for name, why in measures.items() if why != "on"]
    if missing:
        return warn(
            "limited",
            f"Footage is parsed with fewer locks than there could be; missing: {', '.join(missing)}.",
            "Run Candor on Linux 5.4 or later, x86-64 or ARM64, where seccomp is allowed to unprivileged processes.",
        )
    return ok("limited", f"Footage is parsed behind {len(measures)} locks: {', '.join(measures)}.")


def fonts(place: Place) -> Finding:
    """Whether the certificate's page comes out: the fonts are those that every PDF reader has."""
    from reportlab.pdfbase.pdfmetrics import stringWidth
    from reportlab.pdfgen.canvas import Canvas

    try:
        page = io.BytesIO()
        canvas = Canvas(page)
        for name in ("Times-Roman", "Times-Bold", "Times-Italic", "Helvetica", "Helvetica-Bold", "Courier"):
            canvas.setFont(name, 10)
            canvas.drawString(72, 720, f"Certificate § {name}")
            if stringWidth("Certificate", name, 10) <= 0:
                raise ValueError(f"{name} has no widths")
        canvas.save()
    except (KeyError, ValueError, OSError) as error:
        words = f"The certificate of a package cannot be printed: {error}."
        return bad("fonts", words, "Install reportlab anew from Candor's lock file.")
    return ok("fonts", f"The fonts of the certificate are there ({len(page.getvalue())} bytes of PDF made).")
