"""What the demo's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from candor.demo.footage import make

_AFRESH: Callable[[Path | None], Any] = make._spoken_lines


@pytest.fixture(scope="session", autouse=True)
def spoken_once() -> Iterator[None]:
    """The synthesiser says all lines once in this process: it takes four seconds."""
    spoken: dict[bool, Any] = {}

    def say(faces: Path | None) -> Any:
        # Wherever the package is found it is the same one, and without it nobody speaks.
        if (has := make.has_voices(faces)) not in spoken:
            spoken[has] = _AFRESH(faces)
        return spoken[has]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "_spoken_lines", say)
        yield


@pytest.fixture
def spoken_afresh() -> Callable[[pytest.MonkeyPatch], None]:
    """From when it is called the synthesiser says the lines again, as it does in the program."""
    return lambda patch: patch.setattr(make, "_spoken_lines", _AFRESH)
