"""Everything here that runs in a limited process, under one name: one warm process serves every pass alike."""

from __future__ import annotations

from candor.redaction.media.frames_work import frames
from candor.redaction.media.plan_work import look
from candor.redaction.media.proof_work import prove_container, prove_pictures, prove_sound
from candor.redaction.media.render_work import render
from candor.redaction.media.sound_shape_work import shape
from candor.redaction.speech.listening import listen

__all__ = ["frames", "listen", "look", "prove_container", "prove_pictures", "prove_sound", "render", "shape"]
