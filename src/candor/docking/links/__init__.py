"""Links by which the public gives footage: bounded, revocable, each with a receipt."""

from __future__ import annotations
