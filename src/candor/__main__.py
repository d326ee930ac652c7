"""`python -m candor` is the `candor` command."""

from __future__ import annotations

from candor.cli import main

if __name__ == "__main__":
    main()
