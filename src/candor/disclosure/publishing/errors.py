"""What can go wrong with what came in from the portal."""

from __future__ import annotations

from candor.core.errors import CandorError


class EntryNotAside(CandorError):
    """No entry {id} of the portal's inbox lies put aside here. Nothing was changed. `candor portal status` lists those
    that do; of very many, only the reasons were kept."""

    exit_code = 4
