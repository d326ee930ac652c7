"""Duties: what people must do with cameras, by when, by which rule of the law that is applied here.

Rules it keeps:

1. A duty comes from a rule of the book in force and names it; without a rule nobody has the duty. What people do all
   the same (test a camera, report what is wrong, record a training) is kept either way.
2. A test is marked by whoever has the camera. Who is on which shift is not known here: that a camera was used without
   having been tested before is derived from its recordings (`missed.USES`), and is shown as missed, never as done.
   It can be explained; it stays in the count.
3. A camera that is not in order is reported, and its supervisor has to act: inspect, have it repaired, replace it.
4. A record of a training is made by somebody else than who was trained; it is withdrawn, never changed.
5. Who has to do something is reminded before and when it is overdue; one day later supervisors are told how many.
6. Opening, reminding and missing are done again and again and do nothing twice (`round`).
"""

from __future__ import annotations
