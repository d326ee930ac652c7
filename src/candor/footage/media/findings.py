"""What can be wrong with a file from outside, as codes for programs and words for people."""

from __future__ import annotations

from typing import Final

PROBLEMS: Final[dict[str, str]] = {
    "empty": "The file is empty.",
    "not-media": "The file is not a recording in a known format, whatever its name says.",
    "index-missing": "The file has recorded media but its index is missing: the recording was cut off before it was "
    "closed. The pictures may still be recoverable.",
    "index-broken": "The file has recorded media but its index cannot be read. The pictures may still be recoverable.",
    "ends-early": "The file ends before its own index says it should: part of it is missing.",
    "nothing-to-show": "The file has neither a picture nor a sound track.",
    "picture-undecodable": "A picture track is there, but no picture could be decoded from it.",
    "sound-undecodable": "A sound track is there, but no sound could be decoded from it.",
    "damaged": "Some of the recorded data is damaged and had to be skipped.",
    "length-unknown": "The file does not say how long it is; it was probably not closed properly.",
    "examination-stopped": "Examining the file used more than is allowed, or broke off. It is stored all the same; "
    "open it with care.",
}
"""Every code that may stand in the `problems` of a probe."""
