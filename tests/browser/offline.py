"""`candor verify` as somebody runs it on a computer of their own that has no network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["verified_offline"]

#: Any name that is asked for and any connection ends the process.
_PROGRAM = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"):
        sys.exit(f"asked the network: {event} {arguments}")

sys.addaudithook(refuse)
from candor.cli.main import main
sys.argv[0] = "candor"
main()
"""


def verified_offline(package: Path, policy: Path, *words: str) -> str:
    """What it says of a package that verifies with the keys of this file; fails where it does not."""
    command = [sys.executable, "-c", _PROGRAM, "verify", str(package), "--policy", str(policy), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RESULT: VERIFIED" in done.stdout
    return done.stdout
