"""The part of the walk in which a model is registered."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.redaction.models.exports import constant_model


def models(site: Any) -> None:
    """One model: registered, listed, switched off."""
    file = site.home / "plates.onnx"
    none = np.zeros((1, 5, 8400), np.float32)
    file.write_bytes(constant_model({"output0": none}, metadata={"names": "{0: 'license_plate'}"}))
    name = site.run("candor models add", str(file), "--licence", "Apache-2.0")["name"]
    site.run("candor models list")
    site.run("candor models set", name, "--off")
