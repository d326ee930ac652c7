"""Models: what finds faces, plates and whatever else a site's own models know, in raw pixels.

Rules it keeps:

1. Everything that finds is a `Detector`: pixels in, sightings out. Where its model is from, how it is laid out and what
   it runs on shows in its name alone, and the name goes into every result.
2. Nothing is downloaded. Models come from installed packages or from a file that somebody registered, with its licence.
3. The bytes that run are the bytes that were hashed. A model that reads files beside itself, or brings code of its own,
   is refused.
4. A registered model lies sealed in the vault and goes from there into memory, never to a disk in clear.
5. A model gives sightings of what it was made for. None of them tells one person from another, and no such model is
   offered a place here.
6. What models run on (onnxruntime, onnx, OpenCV) is loaded when something is looked for, not when the program starts:
   most commands, and a site where nothing is redacted, need none of it. So these imports stand within functions.
"""

from __future__ import annotations

from candor.redaction.models.detector import Detector, Sighting
from candor.redaction.models.registry import detectors_for

__all__ = ["Detector", "Sighting", "detectors_for"]
