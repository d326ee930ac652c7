"""Footage: recordings and their parts, how they come in, what is known of them, how they are found and watched.

Rules it keeps:

1. Nothing that could be evidence is refused. What cannot be read, or belongs to nobody known, is sealed all the same
   and carries a flag that says why.
2. A part's identity is the SHA-256 of its bytes. The same bytes again are a further intake, never a second part;
   empty files are never merged.
3. A recording is visible all at once: rows, seal and custody events come in one transaction, after the bytes are
   durably sealed. Whatever is killed before that leaves nothing but ciphertext that no row names.
4. The original is never altered. A rendition is another object with a seal of its own, which names its parent and
   the version of what made it.
5. A start is chosen by a stated rule among times that each have a source; it is never made up.
6. Every change of the catalogue is an event with old and new value. Every opening is an event before its first byte.
7. Who may see a recording is one expression (`rules.visible_to`), used for the list and the single row alike.
8. Files from outside are parsed in a limited process only (`footage.media`).
"""

from __future__ import annotations
