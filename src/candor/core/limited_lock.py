"""Locking the door behind a limited process: what it may use, and what it can no longer do.

A process that was started for one task calls `lock` after the parsing code is imported and before the first untrusted
byte. One that others are forked from does the same in two steps: `prepare` in the clean process, as much as a fork
inherits, and `confine` in each child. Each measure is tried on its own; the answer says, per measure, "on" or why not,
so that an operator can see what a platform lacks.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from candor.core import limited_seccomp

_NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_FORKING_DESCRIPTORS = 64  # of a process that is forked from: its own few, and two for the next child


@dataclass(frozen=True)
class Prepared:
    """What a process that is forked from hands on to its children."""

    words: dict[str, str]
    """{measure: "on" or why not} of what it has done already and a fork inherits."""
    address_space: int
    """Bytes of address space that interpreter, libraries and modules take. A child cannot open /proc to ask."""


def lock(limits: dict[str, Any], parent: int) -> dict[str, str]:
    """Give up every right that examining bytes does not need.

    `limits` holds memory (bytes beyond what the process already has), cpu_seconds (beyond what it has used) and
    files (how many descriptors may exist; with 0 none can be made). `parent` is the process that must stay alive.
    Returns {measure: "on" or the reason why it is not}.
    """
    words = _settle(parent)
    words["limits"] = _try(lambda: _set_limits(limits, _address_space()))
    words["privileges"] = limited_seccomp.forbid_new_privileges() or "on"
    words["system calls"] = limited_seccomp.install() or "on"
    return words


def prepare(parent: int) -> Prepared:
    """Give up what neither this process nor its children need. It can still fork, and little else."""
    words = _settle(parent)
    words["limits"] = _try(_set_lasting_limits)
    words["privileges"] = limited_seccomp.forbid_new_privileges() or "on"
    address_space = _address_space()
    words["system calls"] = limited_seccomp.install(forking=True) or "on"
    return Prepared(words, address_space)


def confine(prepared: Prepared, limits: dict[str, Any], parent: int) -> dict[str, str]:
    """In a forked child: give up the rest. Takes and returns what `lock` does; `parent` is what it was forked from."""
    words = dict(prepared.words)
    words["orphan"] = _try(lambda: _die_with(parent))
    words["limits"] = _try(lambda: _set_limits(limits, prepared.address_space))
    words["system calls"] = limited_seccomp.install() or "on"
    return words


def _settle(parent: int) -> dict[str, str]:
    return {
        "priority": _try(_be_modest),
        "user": _try(_become_nobody),
        "orphan": _try(lambda: _die_with(parent)),
    }


def _try(act: Callable[[], str | None]) -> str:
    try:
        reason = act()
    except (OSError, ValueError, AttributeError) as error:
        return str(error) or type(error).__name__
    return reason or "on"


def _be_modest() -> None:
    """The service comes first; and when memory runs out, the kernel takes this process before any other."""
    os.nice(10)
    Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _become_nobody() -> str | None:
    """A process started by root drops root, and with it every capability."""
    if os.geteuid() != 0:
        return None
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    return None


def _die_with(parent: int) -> str | None:
    """Be killed when the parent ends, and be closed to debuggers. The user must have been changed before."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    return None


def _set_limits(limits: dict[str, Any], address_space: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + limits["cpu_seconds"]) + 1
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CPU, seconds, seconds + 2)  # at the first SIGXCPU, which tells why; at the second SIGKILL
    _limit(resource.RLIMIT_AS, address_space + limits["memory"])
    # Descriptors that are open stay open; with 0 no call whatever can make a new one.
    _limit(resource.RLIMIT_NOFILE, limits["files"])


def _set_lasting_limits() -> None:
    """Those that suit a process that lives as long as it is needed. Time and memory count from each child's start."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _FORKING_DESCRIPTORS)


def _limit(which: int, amount: int, last: int | None = None) -> None:
    """Set the soft limit and the hard one (`last`, or the same), never above a hard limit that is already there."""
    last = amount if last is None else last
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        amount, last = min(amount, hard), min(last, hard)
    resource.setrlimit(which, (amount, last))


def _address_space() -> int:
    """Bytes of address space in use: interpreter, libraries and modules count before the work begins."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()
