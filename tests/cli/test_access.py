"""Every command as every role, for real, against the table of docs/reference/access.md."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Outcome, film
from tests.docs.access import expected

from candor.cli import main
from candor.cli.access import rights_of_commands
from candor.people import passwords
from candor.people.rules import Role

COMMANDS = {name: columns for name, columns in expected().items() if name.startswith("candor ")}
#: Words after the command's name that make it ask for its right; NAME stands for something that nobody has.
ASKED: dict[str, list[str]] = {
    "candor audit": [],
    "candor backup": ["OUT"],
    "candor case add": ["NAME", "NAME", "--reason", "So"],
    "candor case change": ["NAME", "--title", "So"],
    "candor case close": ["NAME", "--reason", "So"],
    "candor case event": ["NAME", "complaint-made"],
    "candor case list": [],
    "candor case open": ["--kind", "other", "--title", "So"],
    "candor case person": ["NAME", "--name", "Ada", "--part", "other"],
    "candor case relate": ["NAME", "NAME", "--reason", "So"],
    "candor case remove": ["NAME", "NAME", "--reason", "So"],
    "candor case reopen": ["NAME", "--reason", "So"],
    "candor case show": ["NAME"],
    "candor category mean": ["Arrest", "arrest", "--reason", "Test"],
    "candor category set": ["Patrol"],
    "candor credentials import": ["FILM", "--key", "FILM"],
    "candor credentials make": [],
    "candor critical add": ["NAME", "NAME"],
    "candor critical asked": ["NAME", "NAME"],
    "candor critical change": ["NAME", "--place", "So"],
    "candor critical close": ["NAME", "--reason", "So"],
    "candor critical consent": ["NAME", "Ada", "--who", "parent", "--refused"],
    "candor critical declined": ["NAME", "NAME"],
    "candor critical list": [],
    "candor critical offer": ["NAME", "Ada", "--who", "parent", "--for", "2026-11-22 08:30"],
    "candor critical open": ["death", "So", "--at", "2026-11-01 08:30", "--place", "So"],
    "candor critical put-off": ["NAME", "pack/rule", "--reason", "So", "--document", "FILM"],
    "candor critical show": ["NAME"],
    "candor critical statement": ["NAME", "So", "--by", "Ada"],
    "candor critical viewed": ["NAME", "NAME", "--present", "So"],
    "candor discovery access": ["NAME", "--side", "defence", "--holder", "So"],
    "candor discovery end-access": ["NAME", "--side", "defence", "--reason", "So"],
    "candor discovery list": [],
    "candor discovery make": ["NAME"],
    "candor discovery mark": ["NAME"],
    "candor discovery open": ["--key", "KEY", "--discovery", "NAME", "--side", "defence"],
    "candor discovery record": ["NAME", "--side", "defence", "--out", "OUT"],
    "candor discovery show": ["NAME"],
    "candor finding answer": ["NAME", "not-disclosed", "--reason", "So"],
    "candor finding list": [],
    "candor finding note": ["NAME", "NAME", "--statement", "So", "--words", "So"],
    "candor dock assign": ["NAME", "nobody"],
    "candor dock axis file": ["NAME"],
    "candor dock axis new": ["Axis NAME"],
    "candor dock axis revoke": ["NAME"],
    "candor dock axis users": [],
    "candor dock cameras add": ["Camera NAME"],
    "candor dock cameras change": ["NAME", "--note", "so"],
    "candor dock cameras docks": [],
    "candor dock cameras import": ["CAMERAS"],
    "candor dock cameras list": [],
    "candor dock cameras sites": [],
    "candor dock clock": [],
    "candor dock link list": [],
    "candor dock link new": ["2026-NAME"],
    "candor dock link revoke": ["AAAA-AAAA"],
    "candor dock report": [],
    "candor dock watch": ["nowhere-NAME", "--once", "--settle", "0"],
    "candor dock keys new": ["NAME"],
    "candor dock keys revoke": ["NAME"],
    "candor duty act": ["NAME", "repaired"],
    "candor duty broken": [],
    "candor duty explain": ["NAME", "so"],
    "candor duty list": [],
    "candor duty report": ["NAME", "broken"],
    "candor duty test": ["NAME"],
    "candor duty train": ["nobody", "Course"],
    "candor duty trainings": [],
    "candor duty untrain": ["NAME", "--reason", "Test"],
    "candor export": ["NAME", "--purpose", "Test", "--out", "OUT"],
    "candor fixity": [],
    "candor ingest": ["FILM"],
    "candor key check": [],
    "candor key escrow": ["--holders", "3", "--needed", "2", "--out", "OUT"],
    "candor key rotate": [],
    "candor key sheet": ["--out", "OUT"],
    "candor label put": ["minor", "NAME", "--reason", "Test"],
    "candor label show": ["NAME"],
    "candor label take": ["minor", "NAME", "--reason", "Test"],
    "candor list": [],
    "candor log recover": [],
    "candor notices address": ["ghost-NAME"],
    "candor notices list": [],
    "candor notices routes": [],
    "candor notices set": ["job:failed", "--role", "officer"],
    "candor notices test": ["nobody"],
    "candor law adopt": ["no-such-rule", "--reason", "So"],
    "candor law approve": ["NAME", "--reason", "So"],
    "candor law changes": [],
    "candor law explain": ["--recorded", "2018-08-14T12:00Z", "--pack", "us-ct"],
    "candor law propose": ["--pack", "no-such-pack", "--reason", "So"],
    "candor law refuse": ["NAME", "--reason", "So"],
    "candor law try": ["NAME"],
    "candor release approve": ["NAME"],
    "candor release discard": ["NAME", "--reason", "So"],
    "candor release list": [],
    "candor release prepare": ["NAME", "NAME", "--title", "So"],
    "candor release recall": ["NAME", "--reason", "So"],
    "candor release revise": ["NAME", "--title", "So", "--summary", "FILM"],
    "candor release send-back": ["NAME", "--reason", "So"],
    "candor release show": ["NAME"],
    "candor request answer": ["NAME", "--outcome", "released"],
    "candor request assign": ["NAME", "nobody"],
    "candor request decide": ["NAME", "NAME"],
    "candor request estimate": ["NAME"],
    "candor request extend": ["NAME", "--clock", "NAME", "--reason", "So"],
    "candor request import": ["CAMERAS"],
    "candor request letter": ["NAME", "acknowledgement"],
    "candor request list": [],
    "candor request meant": ["NAME", "NAME", "--why", "So"],
    "candor request message": ["NAME", "So"],
    "candor request new": ["So"],
    "candor portal again": ["NAME"],
    "candor request new-code": ["NAME", "--shown", "So"],
    "candor request note": ["NAME", "So"],
    "candor request propose": ["NAME"],
    "candor request reopen": ["NAME", "--reason", "So"],
    "candor request show": ["NAME"],
    "candor request statistics": [],
    "candor request withdraw": ["NAME", "--reason", "So"],
    "candor restrict case": ["NAME", "--reason", "So"],
    "candor restrict compelled": ["NAME", "--case", "NAME", "--to", "nobody", "--reason", "So"],
    "candor restrict lift": ["NAME", "--reason", "So"],
    "candor restrict person": ["NAME", "nobody", "--act", "let-in", "--reason", "So"],
    "candor restrict rules": [],
    "candor restrict show": ["NAME"],
    "candor restrict to": ["NAME", "--reason", "So"],
    "candor retention approve": ["NAME", "--reason", "So"],
    "candor retention dispositions": [],
    "candor retention explain": ["NAME"],
    "candor retention hold": ["NAME", "--kind", "litigation", "--reason", "So"],
    "candor retention holds": [],
    "candor retention keep": ["NAME", "NAME", "--reason", "So"],
    "candor retention plan": [],
    "candor retention propose": ["NAME", "NAME", "--authority", "Order", "--reason", "Test"],
    "candor retention refuse": ["NAME", "--reason", "So"],
    "candor retention release": ["NAME", "--reason", "So"],
    "candor retention run": ["NAME"],
    "candor retention show": ["NAME"],
    "candor retention withdraw": ["NAME", "--reason", "So"],
    "candor repair": ["NAME"],
    "candor archive return": ["NAME"],
    "candor returned destroy": ["NAME", "--yes"],
    "candor returned list": [],
    "candor returned take-in": ["NAME", "--authority", "Order", "--reason", "Test"],
    "candor show": ["NAME"],
    "candor redact close": ["NAME"],
    "candor redact detect": ["NAME"],
    "candor redact history": ["NAME"],
    "candor redact list": [],
    "candor redact render": ["NAME"],
    "candor redact show": ["NAME"],
    "candor redact stop": ["NAME"],
    "candor models add": ["FILM", "--licence", "MIT"],
    "candor models list": [],
    "candor models set": ["NAME", "--off"],
    "candor token add": ["program", "--name", "NAME", "--scope", "log:view"],
    "candor token revoke": ["NAME"],
    "candor transcript export": ["NAME", "--purpose", "Court", "--out", "OUT"],
    "candor transcript import": ["NAME", "FILM"],
    "candor transcript make": ["NAME", "--by", "speech"],
    "candor transcript remove": ["NAME", "--reason", "So"],
    "candor transcript show": ["NAME", "--purpose", "Court"],
    "candor user add": ["new-NAME", "--role", "officer"],
    "candor user change": ["nobody", "--badge", "1"],
    "candor user password": ["nobody"],
    "candor user policy": [],
    "candor user release": ["nobody"],
    "candor user reset-second-factor": ["nobody"],
    "candor user review": [],
}


class Site:
    """One installation for all of them, with an account of each role, and `nobody`, who may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        first = film(folder / "first.mp4")
        self.recording = self.run("ingest", str(first), "--json").json["recordings"][0]["id"]
        for role in Role:
            assert self.run("user", "add", role.value, "--role", role.value).code == 0
        assert self.run("user", "add", "nobody", "--role", "officer").code == 0
        made = ("--create", "--name", "first", "--role", "oversight", "--scope", "log:view")
        assert self.run("token", "add", "program", *made).code == 0

    @staticmethod
    def run(*words: str) -> Outcome:
        """A command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(list(words))
        code = left.value.code
        return Outcome(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CANDOR_")]:
            patch.delenv(name)
        patch.setenv("CANDOR_HOME", str(folder / "home"))
        patch.setenv("CANDOR_KEYS", str(folder / "keys"))
        patch.setenv(passwords.CHEAP_FOR_TESTS, "1")
        patch.chdir(folder)
        yield Site(folder)


def test_every_command_that_takes_an_account_is_asked() -> None:
    rights = {right.name: right for right in rights_of_commands()}
    assert set(COMMANDS) == set(rights)
    assert {name for name, right in rights.items() if not right.operator} == set(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_every_command_as_every_role(site: Site, name: str) -> None:
    """Refused exactly where the table says so, with exit code 5 and the rule's name."""
    for number, role in enumerate(Role):
        stands_for = {"OUT": str(site.folder / f"{name}-{number}")}
        if "FILM" in ASKED[name]:
            stands_for["FILM"] = str(film(site.folder / f"{number}.mp4", shade=number))
        if "CAMERAS" in ASKED[name]:
            stands_for["CAMERAS"] = str(site.folder / "cameras.csv")
            (site.folder / "cameras.csv").write_text("serial\nX60A1\n")
        words = [stands_for.get(word, word.replace("NAME", str(number))) for word in ASKED[name]]
        ended = site.run(*name.split()[1:], *words, "--as", role.value)
        refused = ended.code == 5 and "rule people.no-role" in ended.err
        assert refused is not COMMANDS[name][role.value], f"{name} as {role.value}: {ended.code} {ended.err[-300:]}"
