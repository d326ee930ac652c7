"""candor dock cameras sites and docks: where cameras are handed out, and what they hand over to."""

from __future__ import annotations

import click

from candor.cli.common import actor, as_account, as_json, bring_log_up_to_date, needs, opened, put_json, table
from candor.cli.fleet_words import site_named, zone_of
from candor.core.clock import iso
from candor.core.errors import NotFound
from candor.fleet import places
from candor.fleet.rules import DOCK_WORDS, DockKind, name_key
from candor.people.rules import Permission


@click.command()
@click.option("--add", metavar="NAME", help="Add a site.")
@click.option("--rename", nargs=2, metavar="NAME NEW", help="Give a site another name.")
@click.option("--close", metavar="NAME", help="Close a site; what was there stays on record.")
@click.option("--open", "open_again", metavar="NAME", help="Open a closed site again.")
@as_account
@needs(Permission.DOCKS_VIEW)
@as_json
def sites(
    add: str | None,
    rename: tuple[str, str] | None,
    close: str | None,
    open_again: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """List the sites, or change them."""
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            known = {name_key(one.name): one.id for one in places.sites(tx, closed=True)}
            if add is not None:
                places.create_site(tx, who, add, clock=clock)
            if rename:
                places.change_site(tx, who, _one(known, rename[0], "site"), {"name": rename[1]}, clock=clock)
            if close is not None:
                places.close_site(tx, who, _one(known, close, "site"), clock=clock)
            if open_again is not None:
                places.open_site(tx, who, _one(known, open_again, "site"), clock=clock)
            found = places.sites(tx, closed=True)
        if add or rename or close or open_again:
            bring_log_up_to_date(installation)
    if json_out:
        put_json([{"id": one.id, "name": one.name, "closed": one.closed_at is not None} for one in found])
    else:
        table(("SITE", "STATE"), ((one.name, "closed" if one.closed_at else "open") for one in found))


@click.command()
@click.option("--add", metavar="NAME", help="Add a dock.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in DockKind]),
    default=DockKind.CARD.value,
    show_default=True,
    help="With --add: how cameras hand over there.",
)
@click.option("--site", metavar="NAME", help="With --add: where it is.")
@click.option("--rename", nargs=2, metavar="NAME NEW", help="Give a dock another name.")
@click.option("--close", metavar="NAME", help="Close a dock; what came through it stays on record.")
@click.option("--open", "open_again", metavar="NAME", help="Open a closed dock again.")
@as_account
@needs(Permission.DOCKS_VIEW)
@as_json
def docks(
    add: str | None,
    kind: str,
    site: str | None,
    rename: tuple[str, str] | None,
    close: str | None,
    open_again: str | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """List the docks, or change them."""
    with opened() as installation:
        who, clock = actor(installation, acting), installation.clock
        with installation.database.write() as tx:
            known = {name_key(one.name): one.id for one in places.docks(tx, closed=True)}
            if add is not None:
                site_id = site_named(tx, site) if site else None
                places.create_dock(tx, who, add, kind=kind, site_id=site_id, clock=clock)
            if rename:
                places.change_dock(tx, who, _one(known, rename[0], "dock"), {"name": rename[1]}, clock=clock)
            if close is not None:
                places.close_dock(tx, who, _one(known, close, "dock"), clock=clock)
            if open_again is not None:
                places.open_dock(tx, who, _one(known, open_again, "dock"), clock=clock)
            found, zone = places.docks(tx, closed=True), zone_of(tx)
            names = {one.id: one.name for one in places.sites(tx, closed=True)}
        if add or rename or close or open_again:
            bring_log_up_to_date(installation)
    if json_out:
        put_json(
            [
                {
                    "id": one.id,
                    "name": one.name,
                    "kind": one.kind.value,
                    "site": names.get(one.site_id or ""),
                    "closed": one.closed_at is not None,
                    "seen_at": None if one.seen_at is None else iso(one.seen_at),
                }
                for one in found
            ]
        )
        return
    table(
        ("DOCK", "KIND", "SITE", "STATE", f"SEEN ({zone})"),
        (
            (
                one.name,
                DOCK_WORDS[one.kind],
                names.get(one.site_id or "", ""),
                "closed" if one.closed_at else "open",
                "" if one.seen_at is None else f"{one.seen_at.astimezone(zone):%Y-%m-%d %H:%M}",
            )
            for one in found
        ),
    )


def _one(known: dict[str, str], name: str, what: str) -> str:
    if name_key(name) not in known:
        raise NotFound(what=f"{what} called", id=name)
    return known[name_key(name)]
