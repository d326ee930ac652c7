"""Repairing a damaged film as far as that is honest. Runs in a limited process; the parent is `repairs.py`.

A film whose index is lost gets a new one (`repair_rebuild`); of one that still opens what is whole is copied
(`repair_copy`). Pictures and sound are never encoded anew and never made up. A repaired film of which nothing can be
shown is none.
"""

from __future__ import annotations

from typing import Any, Final

import av.error

from candor.core.limited_task import Refused, Task
from candor.footage.media import boxes
from candor.footage.media.opening import first_frame, open_media
from candor.footage.media.repair_copy import Copy
from candor.footage.media.repair_profile import Profile, read_profile
from candor.footage.media.repair_rebuild import Rebuild

VERSION: Final = "repair@1"


def repair(task: Task) -> dict[str, Any]:
    """The task. params: {"reference": what `repair_profile.profile` gave of a whole film, or None}.

    Outputs "copied" and "rebuilt"; the result's "output" says which holds the film. The rest of it, whole numbers of
    bytes and milliseconds: "method" (index-rebuilt or read-on), "container", "size", "codec", "width", "height",
    "pictures", "pictures_dropped" (found, but at fault or in need of one that is), "picture_ms" (what the pictures come
    to), "length_ms" (with the gaps between), "claimed_ms" (what the film claims, or None), "estimated_ms" (by the bytes
    that tell nothing, or None), "rate" and "rate_from" (reference, remains, stream, assumed), "parameters_from",
    "sound" (recovered, none, no-reference, not-told-apart, not-decoded), "sound_codec", "sound_ms", "skipped" (the
    first ranges of bytes), "skipped_count", "skipped_bytes", "media_bytes", "used_bytes".
    """
    reference = Profile.from_json(task.params["reference"]) if task.params.get("reference") else None
    source: Any = task.source
    film = boxes.walk(source)
    first: Refused | None = None
    if not film.is_film or film.has_index:
        try:
            return _shown(task, "copied", Copy(task, task.outputs["copied"]).run())
        except Refused as refusal:
            first = refusal
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            first = Refused("unreadable", f"what is left of its index leads nowhere ({error})")
    if not film.is_film or not film.has_media:
        raise first or Refused("nothing-found", "it holds no media data")
    own = read_profile(source)
    try:
        return _shown(task, "rebuilt", Rebuild(task, task.outputs["rebuilt"], own, reference).run())
    except Refused:
        raise
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise Refused("not-written", f"what was found in it cannot be put together ({error})") from error


def _shown(task: Task, name: str, found: dict[str, Any]) -> dict[str, Any]:
    """The proof of the whole: the film opens, and the first picture (or sound) of each track is there."""
    view = task.outputs[name].again()
    with open_media(view) as container:
        tracks = [one.index for one in (*container.streams.video, *container.streams.audio)]
        pictures = [one.index for one in container.streams.video]
    for index in tracks:
        if first_frame(view, index) is None and index in (pictures or tracks):
            raise Refused("shows-nothing", "what could be put together shows nothing")
    task.progress(1.0)
    return {"v": VERSION, "output": name, **found}
