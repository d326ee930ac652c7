"""Canonical JSON: one text for one value, so that a hash of it means something.

The one function lives with the offline verifier, which must spell the same bytes; this is its name for the rest.
"""

from __future__ import annotations

from candor.verify.encoding import canonical_json

__all__ = ["canonical_json"]
