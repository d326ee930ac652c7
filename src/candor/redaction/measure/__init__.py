"""Measuring redaction on footage whose faces and plates are known, without people, against a peer in the same run.

Rules it keeps:

1. What counts is what is covered in every frame, not what was detected: a face that was found and shown for two frames
   between two masks is a leak.
2. Pictures that a detector was calibrated on are not measured with.
3. Boxes that the product's own detector made measure agreement, not recall, and are never called recall.
4. What was not measured is said to be so. Numbers reach the documents by `report`, never by hand.
"""

from __future__ import annotations
