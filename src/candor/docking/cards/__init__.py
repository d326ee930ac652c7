"""Cards and folders: what lies on a camera's card, or in a folder of exports, becomes recordings.

Rules it keeps:

1. A card is only read: files are opened for reading, without changing their access times where the system lets us, by
   open folder descriptors and never through a link. `wiping` alone deletes, and only what it has compared first.
2. A reader is a pure rule over a listing (`listing`) and over small facts that a limited process read (`facts`): it
   says which files are recordings, which belong beside them, and what names claim. It opens nothing.
3. A name is a claim. It is kept with the file, and never taken for an identity or for a truth.
4. Files are joined to one recording only where times, lengths, numbers and the make-up of the files all agree
   (`grouping`). Otherwise each stays a recording of its own, and it is said why.
5. A file that no reader knows is taken in by itself, as it is. Nothing is invented for it.
6. A file is taken in when it has stopped growing, and once: what is in is known again by its fingerprint (`records`).
7. A card is wiped only when every file on it is sealed and was read back, the card's own bytes were read once more and
   have the same hash, nothing changed since, and a person confirmed it.
"""

from __future__ import annotations
