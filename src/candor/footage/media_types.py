"""The media type of a file by what is in it, never by its name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: FFmpeg's names of formats, by their first word, as (with pictures, sound alone).
_MEDIA_TYPES = {
    "mov": ("video/mp4", "audio/mp4"),
    "matroska": ("video/x-matroska", "audio/x-matroska"),
    "avi": ("video/x-msvideo", "video/x-msvideo"),
    "mpegts": ("video/mp2t", "video/mp2t"),
    "mpeg": ("video/mpeg", "audio/mpeg"),
    "asf": ("video/x-ms-asf", "audio/x-ms-wma"),
    "flv": ("video/x-flv", "video/x-flv"),
    "mxf": ("application/mxf", "application/mxf"),
    "wav": ("audio/wav", "audio/wav"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
    "ogg": ("video/ogg", "audio/ogg"),
    "flac": ("audio/flac", "audio/flac"),
    "aac": ("audio/aac", "audio/aac"),
}


def media_type(media: Mapping[str, Any]) -> str | None:
    """The media type by what is in the file, never by its name; None when it is no recording in a known format."""
    container = media.get("container")
    if not container:
        return None
    pictures = any(stream["type"] == "video" for stream in media["streams"])
    known = _MEDIA_TYPES.get(container.split(",")[0])
    return "application/octet-stream" if known is None else known[0 if pictures else 1]
