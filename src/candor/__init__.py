"""Candor: the open platform that a body-worn-camera programme runs on, from the dock to the public."""

from __future__ import annotations

__version__ = "0.1.0"
