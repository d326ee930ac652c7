"""Words that go on record: one line, nothing in it that a reader would not see."""

from __future__ import annotations

from candor.disclosure.discovery.errors import DiscoveryWordsMissing
from candor.footage import names

__all__ = ["LONGEST", "clean", "clean_if_any"]

LONGEST = 500


def clean(what: str, given: str) -> str:
    """The words as they are kept. Raises DiscoveryWordsMissing."""
    text = " ".join(names.kept(given).split())
    if not text or len(text) > LONGEST or names.unusual(text):
        raise DiscoveryWordsMissing(what=what, longest=LONGEST)
    return text


def clean_if_any(what: str, given: str) -> str:
    """The same where nothing need be said."""
    return clean(what, given) if given.strip() else ""
