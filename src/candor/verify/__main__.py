"""`python -m candor.verify PATH`: check a package, or one proof, with nothing but Python.

Exit codes: 0 passed · 2 wrong usage · 3 not a package, or unreadable · 19 a warning under --strict ·
20 + n step n was the first that failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from candor.verify.completeness import log_files
from candor.verify.errors import Malformed
from candor.verify.handover import is_handover, verify_handover_file
from candor.verify.loneproof import verify_proof
from candor.verify.package import Progress, verify_package
from candor.verify.policy import MAX_POLICY_SIZE
from candor.verify.report import USAGE, Report, as_text
from candor.verify.trust import NO_TRUST, Trust

__all__ = ["main"]

EPILOG = """The keys should reach you another way than the package did: the agency's printed key, the court, a witness.
Without --policy or --log-key the keys inside the package are used, and the result is NOT PROVEN.

Exit codes: 0 passed; 2 wrong usage; 3 not a package, or unreadable; 19 a warning under --strict; 20 + n: step n was
the first that failed (21 bag, 22 list of files, 23 payload, 24 other files, 25 keys, 26 log signature, 27 witnesses,
28 inclusion, 29 opening, 30 history, 31 originals, 32 export, 33 public log)."""


def parser(prog: str) -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog=prog,
        description="Check that footage handed out by Candor is what was sealed, and that its history is whole.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "path", type=Path, metavar="PATH", help="the package (folder or .zip), one .tlog-proof, or a log's handover"
    )
    made.add_argument("--policy", type=Path, metavar="FILE", help="trust policy: log, witnesses and quorum")
    made.add_argument("--log-key", action="append", default=[], metavar="VKEY", help="the log's key (name+hash+key)")
    made.add_argument(
        "--witness", action="append", default=[], metavar="VKEY", help="a witness that must have cosigned"
    )
    made.add_argument("--log", metavar="DIR-or-URL", help="the public log's files: search them for events left out")
    made.add_argument("--file", type=Path, metavar="FILE", help="with a .tlog-proof: footage that the event sealed")
    made.add_argument("--leaf", type=Path, metavar="FILE", help="with a .tlog-proof: the log entry it is for")
    made.add_argument("--json", action="store_true", help="one JSON document on standard output")
    made.add_argument("--strict", action="store_true", help="a warning ends with exit code 19")
    made.add_argument("--quiet", action="store_true", help="print the result line only")
    return made


def main(arguments: Sequence[str] | None = None, prog: str = "candor-verify") -> int:
    """Run the command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a terminal that cannot show a character must not stop a verification
            reconfigure(errors="backslashreplace")
    command = parser(prog)
    try:
        options = command.parse_args(arguments)
        trust = _trust(options)
        report = _verify(options, trust)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else USAGE
    except (_Usage, Malformed) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return USAGE
    _show(report, options)
    return report.exit_code(options.strict)


class _Usage(Exception):
    """The command was given things that do not go together."""


def _trust(options: argparse.Namespace) -> Trust:
    if options.policy is not None:
        if options.log_key or options.witness:
            raise _Usage("give either --policy or --log-key and --witness, not both")
        try:
            with options.policy.open("rb") as file:
                data = file.read(MAX_POLICY_SIZE + 1)
        except OSError as error:
            raise _Usage(f"the policy file {options.policy} cannot be read: {error.strerror}") from error
        return Trust.from_policy(data, f"the policy file {options.policy}")
    if options.log_key:
        return Trust.from_keys(options.log_key, options.witness, "the command line")
    if options.witness:
        raise _Usage("--witness needs --log-key as well")
    return NO_TRUST


def _verify(options: argparse.Namespace, trust: Trust) -> Report:
    if options.path.suffix == ".tlog-proof" and options.path.is_file():
        if options.log is not None:
            raise _Usage("--log goes with a package: a proof alone shows no tag keys to search for")
        return verify_proof(options.path, trust, leaf=options.leaf, file=options.file)
    if is_handover(options.path):
        if options.log is not None or options.leaf is not None or options.file is not None:
            raise _Usage("--log, --leaf and --file do not go with a handover")
        return verify_handover_file(options.path, trust)
    if options.leaf is not None or options.file is not None:
        raise _Usage("--leaf and --file go with a .tlog-proof")
    public_log = log_files(options.log) if options.log is not None else None
    progress = None if options.quiet or not sys.stderr.isatty() else _progress()
    report = verify_package(options.path, trust, public_log=public_log, progress=progress)
    if progress is not None:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    return report


def _progress() -> Progress:
    """A line on standard error that says how far reading has come, ten times a second at most."""
    shown = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= 0.1:
            shown = now
            percent = 100 * done // max(total, 1)
            print(f"\rreading {percent:3d} % of {total / 1e6:,.0f} MB", end="", file=sys.stderr, flush=True)

    return progress


def _show(report: Report, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(report.to_json(options.strict), ensure_ascii=True, indent=2))
    elif options.quiet:
        print(report.result_line)
    else:
        print(as_text(report), end="")


if __name__ == "__main__":
    sys.exit(main())
