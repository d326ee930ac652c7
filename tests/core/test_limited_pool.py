"""The processes kept warm, and those forked from them: what stays apart, what survives, and that nothing is left."""

from __future__ import annotations

import io
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from candor.core import limited, limited_pool, limited_template
from candor.core.limited import (
    LimitedCancelled,
    LimitedCrashed,
    LimitedGarbage,
    LimitedMemory,
    LimitedSlow,
    LimitedUnavailable,
    Limits,
    run_limited,
)
from candor.core.limited_pool import Pool

HERE = Path(__file__).parent
QUICK = Limits(memory=256 << 20, cpu_seconds=5, wall_seconds=20)
WORK = ("limited_targets", (str(HERE),))

pytestmark = pytest.mark.skipif(not limited_template.possible(), reason="THIS MACHINE CANNOT FORK FROM A TEMPLATE")


def run(name: str, data: bytes | None = None, params: Any = None, limits: Limits = QUICK, **more: Any) -> Any:
    stream = None if data is None else io.BytesIO(data)
    return run_limited(f"limited_targets:{name}", stream, params, limits, import_from=[HERE], **more)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 10) -> Any:
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.02)
    return found


#: Processes that tests of other files left in this one.
_OTHERS: list[psutil.Process] = []


def ours(*, recursive: bool = True) -> list[psutil.Process]:
    """The processes that these tests started."""
    return [one for one in psutil.Process().children(recursive=recursive) if one not in _OTHERS]


@pytest.fixture(autouse=True)
def _a_pool_of_its_own(processes_end: None) -> Iterator[None]:
    limited.end_waiting_processes()
    _OTHERS[:] = psutil.Process().children(recursive=True)
    yield
    limited.end_waiting_processes()
    wait_for(lambda: not ours(), "the end of every process")  # one may be on its way out


class Kept:
    """A task that holds its input in memory and waits, in a thread of its own."""

    def __init__(self, data: bytes) -> None:
        self._holds, self._enough = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        before = set(descendants())
        self._thread = threading.Thread(target=self._run, args=(data,))
        self._thread.start()
        assert self._holds.wait(20)
        (self.number,) = set(descendants()) - before - set(limited._pool.numbers())

    def _run(self, data: bytes) -> None:
        try:
            run("keep", data, progress=lambda _: self._holds.set(), cancelled=self._enough.is_set)
        except BaseException as error:
            self.error = error
            self._holds.set()

    def end(self) -> None:
        self._enough.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def descendants() -> list[int]:
    return [process.pid for process in ours()]


# one process each


def test_tasks_are_forked_from_one_process_that_stays() -> None:
    seen = [run("surroundings") for _ in range(3)]
    assert len({found["number"] for found in seen}) == 3
    assert {found["parent"] for found in seen} == set(limited._pool.numbers())


def test_what_is_kept_warm_is_confined_itself() -> None:
    run("surroundings")
    (number,) = limited._pool.numbers()
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{number}/status").read_text().splitlines())
    if limited.confinement()["system calls"] == "on":
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    assert set(status["Uid"].split()) == {str(65534 if os.getuid() == 0 else os.getuid())}
    assert status["Threads"] == "1"
    assert status["CapEff"].strip("0") == "" or os.getuid() != 0


def test_a_forked_process_is_confined_as_one_that_was_started() -> None:
    begun: list[limited_template.Template] = []
    forked = limited.Conversation("limited_targets:surroundings", None, QUICK, None, None, {})
    forked.run(lambda line: limited._begin("limited_targets:surroundings", [str(HERE)], line, begun), {}, [])
    limited._pool.release(begun[0], crashed=False)
    assert forked.measures == limited.confinement()


def memory_of(number: int) -> bytes:
    """Everything a process has in memory that it could have written to."""
    pieces = []
    with open(f"/proc/{number}/maps") as maps, open(f"/proc/{number}/mem", "rb", buffering=0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....)", line)
            if found and found[3].startswith("rw"):
                memory.seek(int(found[1], 16))
                pieces.append(memory.read(int(found[2], 16) - int(found[1], 16)))
    return b"".join(pieces)


def test_nothing_of_one_task_is_in_the_memory_or_the_descriptors_of_another() -> None:
    secret = random.Random(7).randbytes(64)
    first = Kept(secret * 10)
    try:
        second = Kept(b"harmless")
        try:
            assert len(run("surroundings")["descriptors"]) == 4
            assert len(os.listdir(f"/proc/{second.number}/fd")) == 4
            assert secret in memory_of(first.number), "this way of looking would find it"
            assert secret not in memory_of(second.number)
            (template,) = limited._pool.numbers()
            assert secret not in memory_of(template)
            assert len(os.listdir(f"/proc/{template}/fd")) == 4
        except PermissionError:
            pytest.skip("ONLY ROOT MAY LOOK INTO THE MEMORY OF A LIMITED PROCESS")
        finally:
            second.end()
    finally:
        first.end()


def test_what_a_task_may_use_counts_from_its_own_start() -> None:
    limits = Limits(memory=128 << 20, cpu_seconds=1, wall_seconds=10)
    assert len({run("burn", None, {"seconds": 0.7}, limits)["parent"] for _ in range(3)}) == 1
    with pytest.raises(LimitedSlow, match="processor time"):
        run("spin", limits=limits)
    with pytest.raises(LimitedMemory):
        run("hoard", limits=limits)
    assert run("burn", None, {"seconds": 0.1}, limits)


# what it survives


@pytest.mark.parametrize(
    ("name", "error", "stays"),
    [
        ("segfault", LimitedCrashed, False),
        ("abort", LimitedCrashed, False),
        ("no_json", LimitedGarbage, False),
        ("end_itself", LimitedCrashed, True),
        ("sleep", LimitedSlow, True),
        ("hoard_natively", LimitedMemory, True),
        ("leave", LimitedCrashed, True),
    ],
)
def test_the_warm_process_after_bad_work(name: str, error: type[Exception], stays: bool) -> None:
    before = run("surroundings")["parent"]
    with pytest.raises(error):
        run(name, limits=Limits(memory=128 << 20, cpu_seconds=5, wall_seconds=1))
    after = run("surroundings")["parent"]
    assert (after == before) is stays, "after a crash the layout of memory is another one"
    assert psutil.pid_exists(before) is stays


def test_it_is_replaced_before_it_is_needed() -> None:
    before = run("surroundings")["parent"]
    with pytest.raises(LimitedCrashed):
        run("segfault")
    wait_for(lambda: limited._pool.numbers() and limited._pool.numbers() != [before], "a new one")


def test_it_is_replaced_after_its_number_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_pool, "MOST_CHILDREN", 2)
    parents = [run("surroundings")["parent"] for _ in range(4)]
    assert parents[0] == parents[1] != parents[2] == parents[3]


def test_a_crash_beside_a_task_leaves_it_alone() -> None:
    kept = Kept(b"x" * 10)
    with pytest.raises(LimitedCrashed):
        run("segfault")
    run("surroundings")
    assert psutil.pid_exists(kept.number)
    assert len(limited._pool.numbers()) == 2, "the worn one stays until its last task has ended"
    kept.end()
    assert isinstance(kept.error, LimitedCancelled)
    assert len(limited._pool.numbers()) == 1


def test_one_that_was_killed_is_started_again() -> None:
    before = run("surroundings")["parent"]
    os.kill(before, signal.SIGKILL)
    after = run("surroundings")["parent"]
    assert after != before
    assert after in limited._pool.numbers()


def test_one_that_hangs_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = run("surroundings")["parent"]
    template = limited._pool._templates[WORK]
    template._control.settimeout(0.5)
    os.kill(before, signal.SIGSTOP)
    assert run("surroundings")["parent"] != before
    wait_for(lambda: not psutil.pid_exists(before), "the end of the one that hangs")


def test_one_that_hangs_beside_a_task_does_not_come_back(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept(b"x" * 10)
    (before,) = limited._pool.numbers()
    limited._pool._templates[WORK]._control.settimeout(0.5)
    os.kill(before, signal.SIGSTOP)
    assert run("surroundings")["parent"] != before
    assert "does not answer" in caplog.text
    wait_for(lambda: not psutil.pid_exists(kept.number), "the end of its task")
    kept.end()
    assert isinstance(kept.error, LimitedUnavailable), "that says nothing about the file"


def test_its_death_ends_its_tasks_and_is_no_finding_about_their_files() -> None:
    kept = Kept(b"x" * 10)
    (template,) = limited._pool.numbers()
    os.kill(template, signal.SIGKILL)
    kept.end()
    assert isinstance(kept.error, LimitedUnavailable | LimitedCancelled), kept.error
    wait_for(lambda: not psutil.pid_exists(kept.number), "the end of its child")
    assert run("surroundings")


def test_a_death_that_is_met_in_the_middle() -> None:
    def end_it(_: float) -> None:
        os.kill(limited._pool.numbers()[0], signal.SIGKILL)

    with pytest.raises(LimitedUnavailable, match="forked from"):
        run("keep", b"x", progress=end_it)


# when they come and go


def test_the_thread_that_needed_it_may_end() -> None:
    parents: list[int] = []
    thread = threading.Thread(target=lambda: parents.append(run("surroundings")["parent"]))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert run("surroundings")["parent"] == parents[0]


def test_an_idle_one_ends() -> None:
    pool = Pool(most=1, idle_seconds=0.3)
    template = pool.acquire(*WORK)
    assert template is not None
    time.sleep(0.8)
    assert pool.numbers() == [template.number], "one in use is not idle"
    pool.release(template, crashed=False)
    wait_for(lambda: not pool.numbers(), "its end")
    wait_for(lambda: not psutil.pid_exists(template.number), "its end")


def test_there_are_no_more_than_may_be() -> None:
    pool = Pool(most=1)
    for work in (WORK, ("candor.core.limited_idle", ()), WORK):
        template = pool.acquire(*work)
        assert template is not None
        pool.release(template, crashed=False)
        wait_for(lambda: len(pool.numbers()) == 1, "room")
    pool.close()
    pool.most = 0
    assert pool.acquire(*WORK) is None


def test_many_that_want_one_get_one() -> None:
    parents: list[int] = []
    threads = [threading.Thread(target=lambda: parents.append(run("surroundings")["parent"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(parents) == 8
    assert len(set(parents)) == 1


def test_work_that_starts_threads_gets_a_fresh_process(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        answer = run_limited("limited_threaded:answer", None, limits=QUICK, import_from=[HERE])
        assert answer == {"threads": 2}
    assert "starts threads" in caplog.text
    assert len(caplog.records) == 1, "not tried again at once"
    assert limited._pool.numbers() == []


# nothing is left

SERVICE = """
import io, os, sys, threading, time
from pathlib import Path
from candor.core.limited import Limits, run_limited

def run(name, **more):
    limits = Limits(wall_seconds=100)
    return run_limited("limited_targets:" + name, None, None, limits, import_from=[Path(sys.argv[1])], **more)

how = sys.argv[2]
if how != "exit":
    threading.Thread(target=run, args=("deaf",), daemon=True).start()
first = run("surroundings")["parent"]
print(first, flush=True)
if how == "fork":
    child = os.fork()
    if child == 0:
        os._exit(0 if run("surroundings")["parent"] != first else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    print(run("surroundings")["parent"], flush=True)
if how == "raise":
    raise SystemExit(3)
if how != "exit":
    time.sleep(100)
"""


def service(tmp_path: Path, how: str) -> subprocess.Popen[str]:
    script = tmp_path / "service.py"
    script.write_text(SERVICE)
    command = [sys.executable, "-W", "ignore", str(script), str(HERE), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", ["killed", "raise", "exit"])
def test_nothing_is_left_of_a_service_that_ends(tmp_path: Path, how: str) -> None:
    with service(tmp_path, how) as process:
        assert process.stdout is not None
        template = int(process.stdout.readline())
        found: list[psutil.Process] = []

        def both() -> bool:
            found[:] = psutil.Process(process.pid).children(recursive=True)
            return {template} < {one.pid for one in found}

        if how == "killed":
            wait_for(both, "a warm process and one at work")
            time.sleep(0.3)
            process.kill()
        process.wait(20)
    wait_for(lambda: not psutil.pid_exists(template), "the end of the warm process")
    _, alive = psutil.wait_procs(found, timeout=5)
    assert not alive


def test_a_fork_of_the_service_has_warm_processes_of_its_own(tmp_path: Path) -> None:
    with service(tmp_path, "fork") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert process.stdout.readline() == "0\n"
        assert process.stdout.readline() == first, "the fork took nothing away"
        process.kill()


def test_a_flood_starts_one_interpreter_and_few_processes() -> None:
    """Fifty at once: more than any machine of ours should examine at a time."""
    most, interpreters, done = 0, set(), threading.Event()

    def look() -> None:
        nonlocal most
        while not done.is_set():
            direct = {one.pid for one in ours(recursive=False)}
            interpreters.update(direct)
            most = max(most, len(set(descendants()) - direct))
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(run("nap", None, {"seconds": 0.1}))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    assert len({answer["number"] for answer in answers}) == 50
    assert len(interpreters) == 1
    assert 1 < most <= limited._room.places
