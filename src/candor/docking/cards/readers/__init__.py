"""The readers: one module per way in which cameras fill a card. Each is pure."""

from __future__ import annotations

from candor.docking.cards.found import Reader
from candor.docking.cards.readers.arbitrator import Arbitrator
from candor.docking.cards.readers.axon import AxonExport
from candor.docking.cards.readers.dcim import Dcim
from candor.docking.cards.readers.dock_record import DockRecord
from candor.docking.cards.readers.motorola import MotorolaExport
from candor.docking.cards.readers.novatek import NovatekCard
from candor.docking.cards.readers.transcend import Transcend

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (
    DockRecord(),
    Arbitrator(),
    Transcend(),
    MotorolaExport(),
    NovatekCard(),
    AxonExport(),
    Dcim(),
)
"""Every reader but the one that a mapping file makes."""
