"""Whether the newest key can be had back when its folder is lost: a confirmed recovery sheet, or an escrow."""

from __future__ import annotations

from candor.health.findings import Finding, minutes, ok, warn
from candor.health.place import Place
from candor.store import KeyRing, StoreError
from candor.store.key_records import read_records

_NAME = "recovery"


def recovery(place: Place) -> Finding | None:
    """What is written down beside the keys of the newest one's sheet and escrow."""
    if not place.begun:
        return None
    try:
        ring = KeyRing.load(place.settings.keys_folder)
    except StoreError:
        return None  # `keys` says what is wrong with them
    records = read_records(place.settings.keys_folder)
    if records.problem:
        words = f"What was noted of the recovery sheet cannot be read: {records.problem}."
        return warn(_NAME, words, "Confirm the sheet again: `candor key check --sheet -`. The keys themselves work.")
    epoch, ways = ring.current, []
    confirmed = records.sheet_confirmed_at(epoch)
    if confirmed is not None:
        ways.append(f"a recovery sheet, confirmed {minutes((place.clock.now() - confirmed).total_seconds())} ago")
    for escrow in records.escrows_of(epoch):
        who = (
            f"{escrow.needed} of {escrow.holders} holders" if escrow.holders else f"{len(escrow.recipients)} recipients"
        )
        ways.append(f"an escrow with {who}")
    if not ways:
        return warn(
            _NAME,
            f"Nobody confirmed that the recovery sheet of the newest key (epoch {epoch}) is on paper, and it is in no "
            "escrow: if its folder is lost, so is all the footage.",
            "Print it with `candor key sheet`, keep it away from this machine, and confirm it with `candor key check "
            "--sheet -`.",
        )
    if confirmed is None:
        words = f"The newest key (epoch {epoch}) is in {' and '.join(ways)}; its recovery sheet is not confirmed."
        return ok(_NAME, words)
    return ok(_NAME, f"The newest key (epoch {epoch}) can be had back from {' and '.join(ways)}.")
