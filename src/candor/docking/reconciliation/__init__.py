"""What cameras say they recorded, against what came: pure interval rules, and the rows they are fed with."""

from __future__ import annotations
