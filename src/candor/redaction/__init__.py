"""Redaction: finding what has to be hidden, putting it right, hiding it for good, and proving both.

Rules it keeps:

1. The original is never altered. What is found, what people change and what is made of it are three things: tracks
   (data, not pixels), edits (numbered, each by somebody, never overwritten), copies (sealed, each with a proof).
2. A place in time is a presentation time of the original, in ticks of its own clock, never a number of frames times a
   rate. A place in the picture is in pixels of the upright original.
3. Nothing here recognises anybody. Following somebody is by motion and appearance, within one recording; what was
   computed of an appearance is gone when the work ends, and is never stored or searched.
4. Pictures and sound from outside are decoded and encoded in limited processes alone. Models see raw pixels.
5. Where it is not known whether something is to be hidden, it is hidden until a person says otherwise.
6. A copy counts only with its proof: outside the masks it is the original, inside them nothing usable is left.
"""

from __future__ import annotations
