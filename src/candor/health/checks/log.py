"""The custody log: whether acts reach a signed checkpoint in time, and its witnesses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from candor.core.errors import CandorError
from candor.custody import LogStatus
from candor.custody.witness_client import latest
from candor.custody.witnessing import WitnessState
from candor.health.findings import Finding, bad, minutes, ok, together, warn
from candor.health.place import Place
from candor.verify.errors import VerifyError

#: Seconds that an event may wait for its signature: longer is worth a look; longer still, and nothing is being signed.
LATE, NOT_SIGNING = 60.0, 300.0
#: Seconds for which a witness may be away before somebody is told; after the longer one a missed quorum is bad.
AWAY, UNWITNESSED = 900.0, 3600.0
#: Seconds a witness has to answer the check.
PATIENCE = 5.0


def log(place: Place) -> Finding | None:
    """Whether what is recorded is also signed: no refusal, no event that waits for long."""
    if not place.begun:
        return None
    with place.read():
        status = place.log.status()
    if status is None:
        return warn("log", "There is no custody log yet.", "Run `candor serve` once; the first start makes it.")
    return of_status(status, place.clock.now())


def of_status(status: LogStatus, now: datetime) -> Finding:
    """What the log's state means at this moment."""
    found = []
    if status.refusal:
        mend = "Nothing recorded is lost. `candor log` says more, `candor log recover --plan` what can be done."
        found.append(bad("log", f"The custody log refuses to sign: {status.refusal}", mend))
    waited = 0.0 if status.waiting_since is None else (now - status.waiting_since).total_seconds()
    if waited > LATE:
        words = f"{status.waiting} events wait for a signature, the oldest for {minutes(waited)}."
        mend = "Start `candor serve` or `candor work`; if one runs, its log says why (`candor log` shows the state)."
        found.append((bad if waited > NOT_SIGNING else warn)("log", words, mend))
    if status.key_problem:
        words = "No checkpoint is signed: the log's key cannot be used."
        found.append(bad("log", words, "Events go on being recorded. The check `keys` says what is wrong with it."))
    if status.files_problem:
        words = f"The log's public files cannot be written: {status.files_problem}."
        mend = "Mend the disk or the folder; the files are laid anew from the database by themselves."
        found.append(bad("log", words, mend))
    lag = "nothing was signed yet" if status.lag is None else f"{status.lag:.2f} s from act to signature"
    return together("log", f"{status.signed_size:,} entries are signed ({lag}).", found)


def witnesses(place: Place) -> Finding | None:
    """What the witnesses last did for us, as the process that runs the log wrote it down."""
    if not place.begun or not place.settings.witnesses:
        return None
    with place.read():
        status = place.log.status()
    return None if status is None else of_witnesses(status, place.clock.now())


def of_witnesses(status: LogStatus, now: datetime) -> Finding:
    """Who is away, and whether enough of them sign."""
    mend = "Ask whoever runs it. Sealing goes on; checkpoints say that they are not witnessed until then."
    found, signing = [], 0
    for one in status.witnesses:
        if one.problem is None:
            signing += 1
            continue
        away = _away(one, now)
        if away > AWAY:
            found.append(warn("witnesses", f"{one.name} has not cosigned for {minutes(away)}: {one.problem}", mend))
    longest = max((_away(one, now) for one in status.witnesses), default=0.0)
    if signing < status.quorum and longest > UNWITNESSED:
        words = f"Only {signing} of the {status.quorum} witnesses that must cosign do so."
        found.append(bad("witnesses", words, mend))
    return together("witnesses", f"{signing} of {len(status.witnesses)} witnesses cosign.", found)


def _away(one: WitnessState, now: datetime) -> float:
    if one.problem is None or one.problem_since is None:
        return 0.0
    return (now - one.problem_since).total_seconds()


def witnesses_asked(place: Place) -> Finding | None:
    """Ask each witness what it holds of this log."""
    if not place.begun or not place.settings.witnesses:
        return None
    with place.read():
        status = place.log.status()
    if status is None:
        return None

    def ask(one: WitnessState) -> Finding | None:
        try:
            held = latest(one.url, status.origin, timeout=PATIENCE)
        except (CandorError, VerifyError, OSError) as error:
            return warn("witnesses-asked", f"{one.name}: {error}", "Check the address in CANDOR_WITNESSES, and ask it.")
        if held is None and status.signed_size:
            mend = "Ask whoever runs it to add the log's key line (`candor witness --add-log`); `candor log` shows it."
            return warn("witnesses-asked", f"{one.name} answers, but holds nothing of this log.", mend)
        return None

    with ThreadPoolExecutor(max_workers=max(1, len(status.witnesses))) as pool:
        found = list(pool.map(ask, status.witnesses))
    return together("witnesses-asked", "Every witness answers and holds this log.", found)


def readiness(place: Place) -> Finding:
    """Whether acts can be recorded and are being signed."""
    status = place.log.status()
    if status is None:
        return bad("log", "There is no custody log yet.", "Run `candor serve` once.")
    found = of_status(status, place.clock.now())
    return found if found.level.value == "bad" else ok("log", found.words)
