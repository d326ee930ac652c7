"""Docking: what cameras and their docks hand over, until it is a recording, and how much of it is missing.

Rules it keeps:

1. A byte that was acknowledged is durable: whoever sends may wipe it. Nothing is acknowledged before its transaction
   is committed.
2. What could be evidence is never turned away. An unknown user, camera or time makes a recording that is unassigned.
3. Nothing is evidence until it is sealed by footage's intake; what was begun and never sealed is not shown as footage.
4. Whoever hands over comes with a credential of its own dock, of which only a hash is kept; the dock stands with the
   intake.
5. What a camera says it recorded is kept beside what arrived, and the difference is never hidden.
6. Files from outside (JSON, XML, keys) are parsed in a limited process, or by a parser whose size is bounded.
7. Bytes that arrive are never on a disk in the clear.
8. This room knows nothing of HTTP: the faces (`candor.dock`, `candor.web`, `candor.cli`) open the transactions.
"""

from __future__ import annotations
