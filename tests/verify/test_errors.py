from __future__ import annotations

import inspect
import subprocess
import sys
from string import Formatter

import pytest

from candor.verify import errors
from candor.verify.errors import Malformed, VerifyError, shown

FAMILY = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, VerifyError)]


@pytest.mark.parametrize("error", FAMILY)
def test_every_error_says_its_fields_and_has_an_exit_code(error: type[VerifyError]) -> None:
    names = [name for _, name, _, _ in Formatter().parse(error.__doc__ or "") if name]
    made = error(**{name: f"<{name}>" for name in names})
    assert all(f"<{name}>" in str(made) for name in names)
    assert "{" not in str(made)
    assert "\n" not in str(made)
    assert made.fields.keys() == set(names)
    assert error.exit_code == 3 or 21 <= error.exit_code <= 32


def test_hostile_text_is_shown_bounded_and_without_control() -> None:
    hostile = "\x1b[2J\u202e{reason}\n" + "x" * 10_000
    message = str(Malformed(what="note", reason=hostile))
    assert message.isprintable()
    assert len(message) < 400
    assert "{reason}" in message
    assert shown("a" * 160) == "a" * 160
    assert shown("a" * 161) == "a" * 160 + "…"


def test_messages_survive_without_docstrings() -> None:
    code = "from candor.verify.errors import BadTag; print(BadTag(n=5))"
    run = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "BadTag: n=5"


def test_the_room_imports_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, pkgutil, candor.verify as v\n"
        "names = [m.name for m in pkgutil.iter_modules(v.__path__) if m.name != '__main__']\n"
        "before = set(sys.modules)\n"
        "[__import__('candor.verify.' + n) for n in names]\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "other = {m for m in sys.modules if m.startswith('candor.') and not m.startswith('candor.verify')}\n"
        "print(sorted(new - {'candor'}), sorted(other))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "[] []"
