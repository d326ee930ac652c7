"""The agency's list of categories, and what each of them means to the law."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage import fields
from candor.footage.classification_tables import category_meaning
from candor.footage.errors import CategoryUnknown, ClassUnknown, LabelReasonMissing
from candor.footage.tables import category as category_table
from candor.law import books, changes
from candor.law.vocabulary import LawClass
from candor.people.rules import Actor, Permission

__all__ = [
    "Meant",
    "categories",
    "class_named",
    "law_classes",
    "meanings_changed_at",
    "set_categories",
    "set_meaning",
]


@dataclass(frozen=True)
class Meant:
    """What came of saying a meaning: it is so, by an event; or it waits for another person, as a change of the law."""

    event: str | None = None
    change: str | None = None


def categories(tx: Connection) -> list[str]:
    """The categories that are offered, in the agency's order."""
    query = sa.select(category_table.c.name).where(category_table.c.active).order_by(category_table.c.position)
    return list(tx.scalars(query)) or list(fields.DEFAULT_CATEGORIES)


def law_classes(tx: Connection) -> dict[str, LawClass]:
    """What each category means to the law. One that is not here means nothing to it, so what is in it is kept longest:
    one without a meaning, and one that the list no longer has."""
    rows = tx.execute(sa.select(category_table.c.name, category_table.c.law_class)).all()
    if not rows:
        return dict(fields.DEFAULT_CLASSES)
    return {row.name: LawClass(row.law_class) for row in rows if row.law_class is not None}


def meanings_changed_at(tx: Connection) -> datetime | None:
    """When it was last changed what a category means to the law; None when it never was. It counts as a change of the
    law that is applied: footage may become purgeable by it."""
    found: datetime | None = tx.scalar(sa.select(sa.func.max(category_meaning.c.said_at)))
    return found


def class_named(name: str) -> LawClass:
    """The meaning with this name, such as `traffic-stop`; raises ClassUnknown."""
    try:
        return LawClass(name.strip().lower())
    except ValueError as error:
        raise ClassUnknown(name=name, known=", ".join(LawClass)) from error


def set_categories(tx: Connection, actor: Actor, names: Collection[str], *, clock: Clock | None = None) -> str | None:
    """Offer these categories, in this order; the event's id, None if it was so. Recordings keep the category they
    have. One that stays keeps its meaning; a new one has that of the category of the same name that every list begins
    with, else none until somebody says one. One that comes back while law is in effect has none: two people say what it
    means. Raises Refused, CategoryWrong."""
    actor.require(Permission.CATEGORIES_MANAGE)
    new, old = fields.check_categories(names), categories(tx)
    if new == old:
        return None
    meant = law_classes(tx)
    gone = _said_before(tx)
    means = {name: meant[name] if name in meant else _usual(name, {*old, *gone}) for name in new}
    _write(tx, new, means)
    _keep(tx, meant, means, actor.account_id, "the list of categories was changed", clock)
    details = {"old": old, "new": new}
    return custody.append(tx, Event.CATEGORIES_CHANGED, actor=actor.account_id, details=details, clock=clock)


def set_meaning(
    tx: Connection, actor: Actor, name: str, law_class: LawClass | None, *, reason: str, clock: Clock | None = None
) -> Meant | None:
    """Say what a category means to the law (None: nothing, and what is in it is kept longest); None if it was so.

    Footage may become destroyable by it. So while law is in effect here it is proposed as a change of that, tried out,
    and decided by another person. That it means nothing is so at once: by that everything only stays longer. Raises
    Refused, CategoryUnknown, LabelReasonMissing.
    """
    actor.require(Permission.CATEGORIES_MANAGE)
    why, offered, meant = fields.clean_reason(reason), categories(tx), law_classes(tx)
    if why is None:
        raise LabelReasonMissing(longest=fields.LONGEST_REASON)
    if name not in offered:
        raise CategoryUnknown(name=name)
    if meant.get(name) == law_class:
        return None
    if law_class is not None and books.book_now(tx).packs:
        return Meant(change=changes.propose_meaning(tx, actor, name, law_class, reason=why, clock=clock))
    return Meant(event=_mean(tx, name, law_class, actor.account_id, actor.account_id, why, clock))


def _mean(
    tx: Connection, name: str, law_class: LawClass | None, said_by: str, actor: str, why: str, clock: Clock | None
) -> str:
    """Have it mean that from now. Raises CategoryUnknown where it is not offered any more."""
    offered, meant = categories(tx), law_classes(tx)
    if name not in offered:
        raise CategoryUnknown(name=name)
    old = meant.get(name)
    means = {one: meant.get(one) for one in offered} | {name: law_class}
    _write(tx, offered, means)
    _keep(tx, meant, means, said_by, why, clock)
    details = {
        "category": name,
        "old": None if old is None else old.value,
        "new": None if law_class is None else law_class.value,
        "reason": why,
    }
    return custody.append(tx, Event.CATEGORY_MEANING_CHANGED, actor=actor, details=details, clock=clock)


def _decided(tx: Connection, name: str, law_class: LawClass, said_by: str, actor: str, why: str, clock: Clock) -> None:
    """Another person put a meaning in force that was proposed."""
    _mean(tx, name, law_class, said_by, actor, why, clock)


def _usual(name: str, known: Collection[str]) -> LawClass | None:
    """The meaning of a category that is new on the list. One of which something was said keeps none."""
    return None if name in known else fields.DEFAULT_CLASSES.get(name)


def _said_before(tx: Connection) -> set[str]:
    """Categories whose meaning was changed at some time, while law is in effect."""
    return set(tx.scalars(sa.select(category_meaning.c.name).distinct())) if books.book_now(tx).packs else set()


def _write(tx: Connection, names: Collection[str], means: Mapping[str, LawClass | None]) -> None:
    tx.execute(category_table.delete())
    rows = [
        {"name": name, "position": number, "active": True, "law_class": None if means[name] is None else means[name]}
        for number, name in enumerate(names)
    ]
    tx.execute(category_table.insert(), rows)


def _keep(
    tx: Connection,
    before: Mapping[str, LawClass],
    after: Mapping[str, LawClass | None],
    actor: str,
    reason: str,
    clock: Clock | None,
) -> None:
    """A row for each category whose meaning is another one than before, one that the list lost among them."""
    now = (clock or SystemClock()).now()
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    rows = [
        {"id": new_id(), "name": name, "law_class": after.get(name), "said_by": actor, "said_at": now, "reason": reason}
        for name in changed
    ]
    if rows:
        tx.execute(category_meaning.insert(), rows)


books.CLASSES.append(law_classes)
changes.MEANT.append(_decided)
