"""The table of docs/reference/access.md, read as what is expected of the program."""

from __future__ import annotations

from tests.docs.pages import REFERENCE, codes, rows

from candor.people.rules import Role
from candor.web.access_table import PUBLIC

#: The columns of the table after `what` and `needs`.
COLUMNS = (PUBLIC, *(role.value for role in Role))


def expected() -> dict[str, dict[str, bool]]:
    """By route (`GET /recordings`) or command (`candor list`): whether each column may."""
    found = {}
    for row in rows(REFERENCE / "access.md"):
        if len(row) == 2 + len(COLUMNS):
            assert set(row[2:]) <= {"yes", "–"}, row
            found[codes(row[0])[0]] = dict(zip(COLUMNS, (cell == "yes" for cell in row[2:]), strict=True))
    return found
