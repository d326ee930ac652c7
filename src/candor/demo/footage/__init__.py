"""The demo's own footage, made on the spot: recordings of a fictional state police troop, sound and truth included.

1. Nothing is downloaded. Photographs and the speech synthesiser come from packages that requirements-demo.lock names;
   where they are from and their licences stand in ASSETS.md. Without them faces are drawn and nobody speaks.
2. The same arguments give the same files: every random number is seeded, every process starts fresh.
3. What is true is written down: each camera's clock error, every word and when it is said, the position each second,
   and where faces and plates are in every frame. Work on redaction, transcripts and alignment is measured against it.
4. Several cameras of one incident see one world on one clock, each from its own place, and hear it with the delay of
   the distance.
5. Everybody in it is in a neutral role. Nothing violent happens and nobody is accused of anything.
"""

from __future__ import annotations

from candor.demo.footage.cast import DEVICES, WEARERS, Device, Wearer
from candor.demo.footage.clip import DemoClip
from candor.demo.footage.make import find_assets, make_footage
from candor.demo.footage.sound import Heard
from candor.demo.footage.track import Fix

__all__ = ["make_footage", "find_assets", "DemoClip", "Heard", "Fix", "WEARERS", "DEVICES", "Wearer", "Device"]
