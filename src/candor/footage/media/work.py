"""Everything here that runs in a limited process, under one name: one warm process serves looking and making alike."""

from __future__ import annotations

from candor.footage.media.probe import probe
from candor.footage.media.render import render

__all__ = ["probe", "render"]
