"""Words that people give and that go on record."""

from __future__ import annotations

from candor.footage import names
from candor.retention.errors import RetentionWordsMissing

__all__ = ["LONGEST_NUMBER", "LONGEST_WORDS", "on_record"]

LONGEST_WORDS = 500
LONGEST_NUMBER = 60


def on_record(what: str, given: str, longest: int = LONGEST_WORDS) -> str:
    """The words, in one line, as they go on record. Raises RetentionWordsMissing."""
    text = " ".join(names.kept(given).split())
    if not 1 <= len(text) <= longest or names.unusual(text):
        raise RetentionWordsMissing(what=what, longest=longest)
    return text
