"""Registering models: looked at, tried once, sealed, on record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock
from candor.core.errors import NotFound
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.people.rules import Actor, Permission
from candor.redaction.model import Kind
from candor.redaction.models.decoding import DECODERS
from candor.redaction.models.errors import ModelRefused, ModelTwice
from candor.redaction.models.examining import examine
from candor.redaction.models.exported import Facts, as_input
from candor.redaction.models.layouts import LAYOUTS, Fit, Layout, LayoutUnknown, infer_layout
from candor.redaction.models.sessions import Port, Session, first_line, open_session
from candor.redaction.tables import detection_model
from candor.store import Vault
from candor.store.sealing import SealedObject

__all__ = ["FOUND_KINDS", "SEALED_AS", "Checked", "Said", "add_model", "check_model", "set_model"]

SEALED_AS: Final = "redaction-model"
"""The kind of a registered model in the vault."""

FOUND_KINDS: Final = (Kind.FACE, Kind.PLATE, Kind.SCREEN, Kind.DOCUMENT, Kind.PERSON)
"""The kinds that models look for; the others are drawn by people."""

WELL_KNOWN: Final[dict[str, Kind]] = {
    **dict.fromkeys(("face", "head", "human face", "human head"), Kind.FACE),
    **dict.fromkeys(
        ("plate", "license plate", "licence plate", "number plate", "vehicle registration plate", "lp"), Kind.PLATE
    ),
    **dict.fromkeys(
        ("tv", "tvmonitor", "laptop", "cell phone", "mobile phone", "monitor", "screen", "computer monitor", "tablet"),
        Kind.SCREEN,
    ),
    **dict.fromkeys(("book", "document", "paper", "id card", "passport", "notebook", "letter"), Kind.DOCUMENT),
    **dict.fromkeys(("person", "pedestrian", "man", "woman", "boy", "girl", "child"), Kind.PERSON),
}
"""What labels of the usual data sets are taken for, where nobody says otherwise."""

_SINGLE: Final = frozenset({Layout.YUNET, Layout.SCRFD, Layout.CENTERFACE})  # know faces alone
_LONGEST_NAME, _LONGEST_TEXT = 60, 500


@dataclass(frozen=True)
class Said:
    """What somebody says of a model; None or nothing: as the model or the file beside it says. `size`: width, height.
    `labels`: its classes, in order. `kinds`: label to kind. `kind`: of everything it finds."""

    layout: Layout | None = None
    size: tuple[int, int] | None = None
    labels: Sequence[str] | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    kind: Kind | None = None
    thresholds: tuple[float, float] | None = None
    fit: Fit | None = None


@dataclass(frozen=True)
class Checked:
    """A model that was tried and works. `name`: as results will name it."""

    name: str
    sha256: bytes
    size: int
    facts: Facts


def check_model(data: bytes, base: str, said: Said) -> Checked:
    """Look at a model, load it once, run it once. `base`: its name, without its hash. Raises ModelRefused."""
    _check_text(base, "its name", base, _LONGEST_NAME)
    if "@" in base or "/" in base:
        raise ModelRefused(name=base, reason="its name holds @ or /")
    examined = examine(data, base)
    session = open_session(data, 1, name=base)
    size, free = _size_of(session.get_inputs(), base, said.size or examined.size)
    labels = tuple(said.labels) if said.labels is not None else examined.labels
    layout, count = _try(session, base, size, said.layout, labels)
    flexible = free and _takes_other_sizes(session, layout, size)
    if labels is None:
        labels = ("face",) if layout in _SINGLE else tuple(str(number) for number in range(count or 1))
    if count is not None and len(labels) != count:
        reason = f"it knows {count} classes, and {len(labels)} names of classes are given"
        raise ModelRefused(name=base, reason=reason)
    wanted = LAYOUTS[layout]
    begin, go_on = said.thresholds or wanted.thresholds
    _check_thresholds(base, (begin, go_on))
    kinds = _kinds_of(base, labels, said)
    facts = Facts(layout, size, flexible, labels, kinds, (begin, go_on), said.fit or wanted.fit)
    digest = hashlib.sha256(data)
    return Checked(f"{base}@{digest.hexdigest()[:12]}", digest.digest(), len(data), facts)


def add_model(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    checked: Checked,
    sealed: SealedObject,
    *,
    licence: str,
    source: str,
    clock: Clock | None = None,
) -> str:
    """Register a model whose bytes were sealed as `SEALED_AS`; it is used from the commit on. Returns its id.

    `licence` and `source` are words for people. Raises Refused, ModelRefused (no licence was said), ModelTwice.
    """
    actor.require(Permission.MODELS_MANAGE)
    _check_text(checked.name, "its licence", licence, _LONGEST_TEXT)
    _check_text(checked.name, "where it is from", source, _LONGEST_TEXT)
    there = tx.scalar(sa.select(detection_model.c.name).where(detection_model.c.sha256 == checked.sha256))
    if there is not None:
        raise ModelTwice(name=there)
    vault.record(tx, sealed)
    now = (clock or SystemClock()).now()
    row = {
        "id": new_id(),
        "name": checked.name,
        "sha256": checked.sha256,
        "size": checked.size,
        "model_object_id": sealed.object_id,
        "layout": checked.facts.layout.value,
        "facts": checked.facts.to_json(),
        "licence": licence.strip(),
        "source": source.strip(),
        "active": True,
        "added_by": actor.account_id,
        "added_at": now,
    }
    try:
        with tx.begin_nested():
            tx.execute(detection_model.insert().values(**row))
    except IntegrityError as error:
        raise ModelTwice(name=checked.name) from error
    details = {
        "name": checked.name,
        "sha256": checked.sha256.hex(),
        "layout": checked.facts.layout.value,
        "kinds": sorted({kind.value for kind in checked.facts.kinds.values()}),
        "licence": licence.strip(),
        "source": source.strip(),
    }
    append(tx, Event.MODEL_ADDED, actor=actor.account_id, details=details, clock=clock)
    return str(row["id"])


def set_model(
    tx: Connection,
    actor: Actor,
    name: str,
    *,
    active: bool | None = None,
    thresholds: tuple[float, float] | None = None,
    clock: Clock | None = None,
) -> bool:
    """Switch a registered model on or off, or set its thresholds; whether anything changed. Raises Refused, NotFound,
    ModelRefused."""
    actor.require(Permission.MODELS_MANAGE)
    locked = sa.select(detection_model).where(detection_model.c.name == name).with_for_update()
    row = tx.execute(locked).one_or_none()
    if row is None:
        raise NotFound(what="registered model", id=name)
    facts = Facts.from_json(row.layout, row.facts)
    changed = facts
    if thresholds is not None:
        _check_thresholds(name, thresholds)
        changed = replace(facts, thresholds=thresholds)
    now_active = row.active if active is None else active
    if changed == facts and now_active == row.active:
        return False
    values = {"facts": changed.to_json(), "active": now_active}
    tx.execute(detection_model.update().where(detection_model.c.id == row.id).values(**values))
    details = {
        "name": name,
        "active": now_active,
        "thresholds": [f"{one:.3f}" for one in changed.thresholds],  # no floats in the log
    }
    append(tx, Event.MODEL_SET, actor=actor.account_id, details=details, clock=clock)
    return True


def _check_text(name: str, what: str, text: str, longest: int) -> None:
    if not text.strip():
        raise ModelRefused(name=name, reason=f"{what} is not said")
    if len(text) > longest or not text.isprintable():
        raise ModelRefused(name=name, reason=f"{what} is longer than {longest} characters, or not plain text")


def _check_thresholds(name: str, thresholds: tuple[float, float]) -> None:
    begin, go_on = thresholds
    if not 0 < go_on <= begin < 1:
        raise ModelRefused(name=name, reason="its thresholds are not between 0 and 1, or the second is the larger")


def _size_of(inputs: list[Port], name: str, said: tuple[int, int] | None) -> tuple[tuple[int, int], bool]:
    """Width and height of what a model takes, and whether its file leaves them open. Raises ModelRefused."""
    first = inputs[0] if inputs else None
    if first is None or first.type != "tensor(float)" or len(first.shape) != 4 or len(inputs) > 2:
        reason = "it does not take one picture as float32 (1, 3, height, width)"
        raise ModelRefused(name=name, reason=f"{reason}; export it without half precision")
    batch, colours, height, width = first.shape
    if (isinstance(batch, int) and batch != 1) or (isinstance(colours, int) and colours != 3):
        reason = f"it takes {first.shape}, not one picture of three colours (1, 3, height, width)"
        raise ModelRefused(name=name, reason=reason)
    if isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0:
        if said is not None and said != (width, height):
            reason = f"it takes pictures of {width} x {height}, and {said[0]} x {said[1]} was said"
            raise ModelRefused(name=name, reason=reason)
        found, free = (width, height), False
    else:
        found, free = said or (640, 640), True
    if not all(32 <= side <= 4096 for side in found):
        raise ModelRefused(name=name, reason=f"it takes pictures of {found[0]} x {found[1]}; 32 to 4096 can be used")
    return found, free


def _try(
    session: Session, name: str, size: tuple[int, int], layout: Layout | None, labels: Sequence[str] | None
) -> tuple[Layout, int | None]:
    """Run a model once; its layout and how many classes it knows, where that shows. Raises ModelRefused."""
    inputs, outputs = ([one.name for one in ports] for ports in (session.get_inputs(), session.get_outputs()))
    grey = np.full((size[1], size[0], 3), 114, np.uint8)
    given: dict[str, Any] = {inputs[0]: as_input(grey, layout or Layout.YOLO8)}
    if len(inputs) > 1:
        given[inputs[1]] = np.array([size], np.int64)
    try:
        values = dict(zip(outputs, session.run(None, given), strict=True))
        shapes = [(one, value.shape) for one, value in values.items()]
        alone = next(iter(values.values()))
        largest = float(np.abs(alone[..., :4]).max()) if alone.ndim == 3 else None
        found = layout or infer_layout(inputs, shapes, None if labels is None else len(labels), largest)
        boxes, scores, _ = DECODERS[found](values, size, -1.0)
    except LayoutUnknown as error:
        raise ModelRefused(
            name=name, reason=f"{error}. Name its layout with --layout, if it has one of them"
        ) from error
    except Exception as error:  # of onnxruntime, or of a decoder that met another layout
        raise ModelRefused(name=name, reason=f"it does not run as that layout ({first_line(error)})") from error
    if boxes.ndim != 2 or boxes.shape[1:] != (4,) or not np.isfinite(scores).all():
        raise ModelRefused(name=name, reason=f"what it puts out cannot be read as {found.value}")
    if len(scores) and (scores.min() < -1e-3 or scores.max() > 1 + 1e-3):
        reason = f"read as {found.value}, its scores are not between 0 and 1"
        raise ModelRefused(name=name, reason=f"{reason}. Name its layout with --layout")
    return found, _classes(found, [tuple(value.shape) for value in values.values()])


def _classes(layout: Layout, shapes: list[tuple[int, ...]]) -> int | None:
    if layout in _SINGLE:
        return 1
    return {
        Layout.YOLO8: shapes[0][1] - 4,
        Layout.YOLO5: shapes[0][-1] - 5,
        Layout.RT_DETR: shapes[0][-1] - 4,
        Layout.RT_DETR_LOGITS: shapes[0][-1],
    }.get(layout)


def _takes_other_sizes(session: Session, layout: Layout, size: tuple[int, int]) -> bool:
    """Whether a smaller picture that is less high goes through and can be read too."""
    other = (max(96, size[0] // 64 * 32), max(64, size[1] // 96 * 32))
    names = [one.name for one in session.get_inputs()]
    given: dict[str, Any] = {names[0]: as_input(np.zeros((other[1], other[0], 3), np.uint8), layout)}
    if len(names) > 1:
        given[names[1]] = np.array([other], np.int64)
    try:
        values = session.run(None, given)
        outputs = [one.name for one in session.get_outputs()]
        DECODERS[layout](dict(zip(outputs, values, strict=True)), other, -1.0)
    except Exception:  # it says that its size is open, and is not
        return False
    return True


def _kinds_of(name: str, labels: Sequence[str], said: Said) -> dict[str, Kind]:
    if said.kind is not None and not said.kinds:
        return dict.fromkeys(labels, said.kind)
    for label, kind in said.kinds.items():
        if label not in labels:
            shown = ", ".join(labels[:12]) + (" …" if len(labels) > 12 else "")
            raise ModelRefused(name=name, reason=f"it has no label {label!r}; it has {shown}")
        if kind not in FOUND_KINDS:
            raise ModelRefused(name=name, reason=f"{kind.value} is drawn by people; models find others")
    if said.kinds:
        return dict(said.kinds)
    found = {label: WELL_KNOWN[label.lower().replace("_", " ")] for label in labels if _is_known(label)}
    if not found:
        shown = ", ".join(labels[:12]) + (" …" if len(labels) > 12 else "")
        reason = f"it is not known what kind its labels are ({shown}). Say it with --kind or --label LABEL=KIND"
        raise ModelRefused(name=name, reason=reason)
    return found


def _is_known(label: str) -> bool:
    return label.lower().replace("_", " ") in WELL_KNOWN


@dataclass(frozen=True)
class Registered:
    """A registered model as a list shows it."""

    id: str
    name: str
    sha256: bytes
    size: int
    object_id: str
    facts: Facts
    licence: str
    source: str
    active: bool
    added_by: str
    added_at: datetime


def registered(tx: Connection, *, active: bool | None = None) -> list[Registered]:
    """Registered models, the newest first. Asks for no permission: faces do."""
    query = sa.select(detection_model).where(detection_model.c.model_object_id.is_not(None))
    if active is not None:
        query = query.where(detection_model.c.active == active)
    rows = tx.execute(query.order_by(detection_model.c.added_at.desc(), detection_model.c.id.desc()))
    return [
        Registered(
            row.id,
            row.name,
            bytes(row.sha256),
            row.size,
            row.model_object_id,
            Facts.from_json(row.layout, row.facts),
            row.licence,
            row.source,
            row.active,
            row.added_by,
            row.added_at,
        )
        for row in rows
    ]
