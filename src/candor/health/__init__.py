"""How an installation is doing: checks that say how to mend, a watch that tells people, figures for machines.

Rules it keeps:

1. A check is one function over a place; it changes nothing (but a file of its own, removed at once, to see that the
   disk takes it), and its finding says in words what it found and how to mend it.
2. Each check stands alone. One that cannot be made says why; it neither hides nor stops the others. So `candor doctor`
   works where the installation cannot even be opened.
3. A finding is ok, warn or bad. Bad: evidence, or the record of acts, is at risk, or work stands still. Warn: it works,
   and somebody should look. Nothing is bad because something optional is not configured.
4. One process at a time watches (a lease in the database). People are told of changes, not of states: once when
   something goes bad, once when it is over.
5. When what fails is the database, in which notices lie, the watch says so without it: in the program's log and by
   mail (CJIS Security Policy AU-5: an alert within an hour when the record of acts cannot be written).
6. Nothing is imported here: migrations load the tables without the libraries that checks look at.
7. Findings name no person and no recording. Figures have no label that is an identifier.
"""

from __future__ import annotations
