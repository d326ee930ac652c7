"""Everything here that runs in a limited process, under one name: one warm process serves looking and making alike."""

from __future__ import annotations

from candor.footage.media.captions import captions
from candor.footage.media.mark_work import mark
from candor.footage.media.probe import probe
from candor.footage.media.render import render
from candor.footage.media.repair import repair
from candor.footage.media.repair_profile import profile
from candor.footage.media.signature_check import check

__all__ = ["captions", "check", "mark", "probe", "profile", "render", "repair"]
