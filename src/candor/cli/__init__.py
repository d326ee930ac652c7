"""The command line: one file per command, exit codes that mean something, `--json` for programs.

Rules it keeps:

1. With `--json` standard output holds one JSON document and nothing else; words for people go to standard error.
2. An error of Candor's own is told in its own words and ends with its exit code; only a fault of the program
   itself shows a traceback, and that with CANDOR_DEBUG set.
3. Commands are loaded when they are called, so that `candor --help` answers at once.
"""

from __future__ import annotations

from candor.cli.main import candor, main

__all__ = ["candor", "main"]
