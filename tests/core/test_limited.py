"""The limited process: what it gives, what it survives, and what cannot be done in it. Real processes throughout."""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest

from candor.core import limited, limited_wire
from candor.core.limited import (
    LimitedCancelled,
    LimitedCrashed,
    LimitedError,
    LimitedFailed,
    LimitedGarbage,
    LimitedHeldUp,
    LimitedKilled,
    LimitedMemory,
    LimitedRefused,
    LimitedSlow,
    LimitedTooMuch,
    LimitedUnavailable,
    Limits,
    confinement,
    run_limited,
)

HERE = Path(__file__).parent
QUICK = Limits(memory=256 << 20, cpu_seconds=5, wall_seconds=10, output_bytes=1 << 20)


def run(name: str, stream: BinaryIO | None = None, params: Any = None, limits: Limits = QUICK, **more: Any) -> Any:
    return run_limited(f"limited_targets:{name}", stream, params, limits, import_from=[HERE], **more)


@pytest.fixture(autouse=True, params=["forked", "started"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to come to a limited process: forked from one kept warm, and started for the task."""
    monkeypatch.setattr(limited._pool, "most", 1 if request.param == "forked" else 0)
    return str(request.param)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(way: str) -> Iterator[None]:
    limited._pool._settle()  # one that is worn is replaced in the background
    before, descriptors = children(), plain_descriptors()
    yield
    limited._pool._settle()
    assert children() <= before, "a child was left, dead or alive"
    assert plain_descriptors() <= descriptors, "a descriptor was left open"


def children() -> set[int]:
    """Every process below this one but those that are kept warm."""
    return {child.pid for child in psutil.Process().children(recursive=True)} - set(limited._pool.numbers())


def plain_descriptors() -> int:
    """Open descriptors but those to the processes kept warm: a socket and a standard error each."""
    return psutil.Process().num_fds() - 2 * len(limited._pool.numbers())


def is_confined() -> bool:
    return confinement()["system calls"] == "on"


# what it gives


@pytest.mark.parametrize("size", [0, 1, 77_777, (1 << 20) - 1, 3_000_001])
def test_reads_the_whole_input(size: int) -> None:
    data = random.Random(size).randbytes(size)
    seen: list[float] = []
    result = run("digest", io.BytesIO(data), {"a": [1, None, "ü"]}, progress=seen.append)
    assert result == {"sha256": hashlib.sha256(data).hexdigest(), "size": size, "params": {"a": [1, None, "ü"]}}
    assert seen == sorted(seen)
    assert not size or seen[-1] == 1.0


def test_reads_any_range() -> None:
    data = random.Random(1).randbytes(1_500_000)
    chance = random.Random(2)
    wanted = [(chance.randrange(1_600_000), chance.randrange(300_000)) for _ in range(40)]
    pieces = run("ranges", io.BytesIO(data), {"ranges": wanted}, Limits(result_bytes=32 << 20))["pieces"]
    assert [bytes.fromhex(p) for p in pieces] == [data[o : o + n] for o, n in wanted]


class Dribble(io.RawIOBase):
    """A raw stream that gives a few bytes at a time, as streams may."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.inner.seek(offset, whence)

    def read(self, size: int = -1, /) -> bytes:
        return self.inner.read(min(size, 5000))


def test_a_raw_stream_may_give_less_than_asked() -> None:
    data = random.Random(3).randbytes(400_000)
    assert run("digest", Dribble(data))["sha256"] == hashlib.sha256(data).hexdigest()  # type: ignore[arg-type]


def test_outputs_are_written_anywhere_and_read_again(tmp_path: Path) -> None:
    expected = bytearray()
    writes = []
    chance = random.Random(4)
    for _ in range(30):
        data, offset = chance.randbytes(chance.randrange(1, 4000)), chance.randrange(100_000)
        writes.append((offset, data.hex()))
        expected += bytes(max(0, offset + len(data) - len(expected)))
        expected[offset : offset + len(data)] = data
    with open(tmp_path / "out", "w+b") as out:
        result = run("write_back", None, {"writes": writes}, outputs={"out": out})
        out.seek(0)
        assert out.read() == bytes(expected)
    assert bytes.fromhex(result["content"]) == bytes(expected)


def test_work_that_says_no() -> None:
    with pytest.raises(LimitedRefused, match="too odd") as caught:
        run("refuse")
    assert caught.value.fields["code"] == "too-odd"


def test_threads_work() -> None:
    assert run("threads") == {"done": [0, 1, 2, 3]}


def test_several_at_a_time() -> None:
    results: list[Any] = []
    data = [random.Random(n).randbytes(200_000) for n in range(4)]
    workers = [threading.Thread(target=lambda d=d: results.append((d, run("digest", io.BytesIO(d))))) for d in data]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 4
    assert all(r["sha256"] == hashlib.sha256(d).hexdigest() for d, r in results)


# what the parent survives


@pytest.mark.parametrize(("name", "how"), [("segfault", "SIGSEGV"), ("abort", "SIGABRT"), ("leave", "status 3")])
def test_a_crash(name: str, how: str) -> None:
    with pytest.raises(LimitedCrashed, match=how):
        run(name)


def test_a_fault_in_the_work_is_told_in_printable_words() -> None:
    with pytest.raises(LimitedFailed, match="RuntimeError: nothing") as caught:
        run("fail")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("name", ["sleep", "deaf", "babble"])
def test_a_hang(name: str) -> None:
    started = time.monotonic()
    with pytest.raises(LimitedSlow, match=r"1\.5 seconds of time"):
        run(name, io.BytesIO(b"x" * 100), limits=Limits(wall_seconds=1.5))
    assert time.monotonic() - started < 4


def test_a_stall() -> None:
    with pytest.raises(LimitedSlow, match="without progress"):
        run("sleep", limits=Limits(wall_seconds=60, stall_seconds=1))


def test_a_child_that_never_takes_its_answers() -> None:
    with pytest.raises(LimitedSlow):
        run("flood", io.BytesIO(bytes(2 << 20)), limits=Limits(wall_seconds=1.5))


def test_processor_time() -> None:
    with pytest.raises(LimitedSlow, match="processor time"):
        run("spin", limits=Limits(cpu_seconds=1, wall_seconds=30))


@pytest.mark.parametrize("name", ["hoard", "hoard_natively"])
def test_memory(name: str) -> None:
    with pytest.raises(LimitedMemory, match="128 MiB"):
        run(name, limits=Limits(memory=128 << 20))


@pytest.mark.parametrize("name", ["pour", "far", "rewrite"])
def test_output(name: str, tmp_path: Path) -> None:
    with open(tmp_path / "out", "w+b") as out, pytest.raises(LimitedTooMuch, match="1048576 bytes of output"):
        run(name, outputs={"out": out})
    assert (tmp_path / "out").stat().st_size <= 1 << 20


def test_a_result_that_is_too_big() -> None:
    assert run("big_result", params={"size": 900})["much"] == "x" * 900
    with pytest.raises(LimitedTooMuch, match="result"):
        run("big_result", params={"size": 900}, limits=Limits(result_bytes=900))


def test_much_on_standard_error_does_not_block() -> None:
    assert run("many_words") == {"said": True}


@pytest.mark.parametrize("name", ["no_json", "a_list", "deep", "wrong_progress"])
def test_results_that_make_no_sense(name: str) -> None:
    with pytest.raises(LimitedGarbage):
        run(name)


def frames() -> dict[str, bytes]:
    frame, read, write, fetch = (
        limited_wire.frame,
        limited_wire.READ_FRAME,
        limited_wire.WRITE_FRAME,
        limited_wire.FETCH_FRAME,
    )
    return {
        "unknown kind": frame(99, b"x"),
        "huge length": limited_wire.HEADER.pack(limited_wire.WRITE, 0xFFFFFFFF),
        "huge note": limited_wire.HEADER.pack(limited_wire.REFUSED, 1 << 30),
        "short read": frame(limited_wire.READ, b"123"),
        "long read": frame(limited_wire.READ, read.pack(0, 1 << 31)),
        "write without header": frame(limited_wire.WRITE, b"12"),
        "no such output": frame(limited_wire.WRITE, write.pack(7, 0), b"x"),
        "fetch from no output": frame(limited_wire.FETCH, fetch.pack(3, 0, 10)),
        "not utf-8": frame(limited_wire.RESULT, b"\xff\xfe"),
        "not json": frame(limited_wire.RESULT, b"{"),
        "huge number": frame(limited_wire.RESULT, b'{"a":' + b"9" * 5000 + b"}"),
        "setup from below": frame(limited_wire.SETUP, b"{}"),
    }


@pytest.mark.parametrize("name", list(frames()))
def test_frames_that_make_no_sense(name: str) -> None:
    with pytest.raises(LimitedGarbage):
        run("raw", io.BytesIO(b"input"), {"bytes": frames()[name].hex()})


def test_a_read_far_beyond_the_end_gives_nothing() -> None:
    assert run("ranges", io.BytesIO(b"abc"), {"ranges": [(1 << 61, 10), (2, 10)]}) == {"pieces": ["", b"c".hex()]}


def test_cancelling() -> None:
    started = time.monotonic()
    with pytest.raises(LimitedCancelled):
        run("sleep", cancelled=lambda: time.monotonic() - started > 0.5)
    assert time.monotonic() - started < 3


def test_a_busy_child_can_be_cancelled_too() -> None:
    started = time.monotonic()
    with pytest.raises(LimitedCancelled):
        run("babble", io.BytesIO(b"x" * 100), cancelled=lambda: time.monotonic() - started > 0.5)


@pytest.mark.parametrize("target", ["candor.core.no_such_module:f", "limited_targets:no_such_function"])
def test_work_that_does_not_exist(target: str) -> None:
    with pytest.raises(LimitedUnavailable, match="no_such"):
        run_limited(target, None, import_from=[HERE])


class Torn(io.BytesIO):
    """A stream that cannot be read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the disk is gone")


def test_faults_of_the_stream_come_through() -> None:
    with pytest.raises(OSError, match="the disk is gone"):
        run("digest", Torn(b"x" * 1000))


def test_faults_of_a_callback_come_through() -> None:
    def progress(fraction: float) -> None:
        raise LookupError(fraction)

    with pytest.raises(LookupError):
        run("digest", io.BytesIO(bytes(1000)), progress=progress)


def test_every_error_is_of_the_family_and_speaks() -> None:
    family = LimitedError.__subclasses__()
    for kind in family:
        assert kind.__doc__
        assert kind.exit_code in range(1, 11)
        family.extend(kind.__subclasses__())


# what is worth another attempt


def test_what_the_machine_is_at_fault_for_passes() -> None:
    for limits in (Limits(wall_seconds=0.2), Limits(wall_seconds=60, stall_seconds=0.2)):
        with pytest.raises(LimitedHeldUp, match="too busy") as slow:
            run("sleep", limits=limits)
        assert slow.value.passes
    with pytest.raises(LimitedKilled) as killed:
        run("end_itself")
    assert killed.value.passes
    with pytest.raises(LimitedUnavailable) as unavailable:
        run_limited("no_such.module:at_all", None)
    assert unavailable.value.passes


@pytest.mark.parametrize(
    ("name", "limits"),
    [("hoard", Limits(memory=64 << 20)), ("spin", Limits(cpu_seconds=0)), ("segfault", QUICK), ("fail", QUICK)],
)
def test_what_the_file_is_at_fault_for_does_not(name: str, limits: Limits) -> None:
    with pytest.raises(LimitedError) as caught:
        run(name, limits=limits)
    assert not caught.value.passes


def patiently(name: str, limits: Limits = QUICK) -> Any:
    return limited.run_patiently(f"limited_targets:{name}", io.BytesIO(b"bytes"), {}, limits)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each attempt that is made, in the real way, with the targets of these tests in reach."""
    made: list[str] = []

    def run_once(target: str, *given: Any, **named: Any) -> Any:
        made.append(target)
        limits = Limits(wall_seconds=0.0) if len(made) < 3 and target.endswith(":digest") else given[2]
        return run_limited(target, given[0], given[1], limits, import_from=[HERE], **named)

    monkeypatch.setattr(limited, "run_limited", run_once)
    monkeypatch.setattr(limited, "_PAUSE", 0.0)
    return made


def test_patience_outlasts_a_machine_that_is_busy_for_a_while(counted: list[str]) -> None:
    assert patiently("digest")["size"] == 5
    assert len(counted) == limited.ATTEMPTS == 3


@pytest.mark.parametrize(
    ("name", "error", "attempts"), [("end_itself", LimitedKilled, 3), ("segfault", LimitedCrashed, 1)]
)
def test_patience_has_an_end(counted: list[str], name: str, error: type[LimitedError], attempts: int) -> None:
    with pytest.raises(error):
        patiently(name)
    assert len(counted) == attempts


# what cannot be done in it


def test_nothing_forbidden_goes_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("still here")
    if not is_confined():
        pytest.skip("THE SYSTEM CALL FILTER IS NOT AVAILABLE HERE: " + confinement()["system calls"])
    # With room for descriptors, so that it is the filter that says no, not the limit.
    outcome = run("attempts", params={"victim": str(victim)}, limits=Limits(files=64))
    went_through = {name for name, word in outcome.items() if word == "DONE"}
    assert went_through == set(), went_through
    assert all(word.startswith(("EPERM", "EACCES")) for word in outcome.values()), outcome
    assert victim.read_text() == "still here"
    assert not Path("/tmp/candor-limited-test").exists()


def test_without_descriptors_nothing_can_be_opened(tmp_path: Path) -> None:
    outcome = run("attempts", params={"victim": str(tmp_path / "none")})
    for name in ("open for reading", "open for writing", "internet socket", "unix socket", "pipe", "memory file"):
        assert outcome[name] != "DONE"


def test_it_is_forked_or_started_as_said(way: str) -> None:
    run("surroundings")
    ancestor = run("surroundings")["parent"]
    assert ancestor in limited._pool.numbers() if way == "forked" else ancestor == os.getpid()


def test_it_sees_nothing_of_the_surroundings() -> None:
    os.environ["CANDOR_TEST_SECRET"] = "hidden"
    try:
        found = run("surroundings")
    finally:
        del os.environ["CANDOR_TEST_SECRET"]
    assert set(found["environment"]) <= {
        "LANG", "LC_CTYPE", "MALLOC_ARENA_MAX", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"
    }  # fmt: skip
    assert len(found["descriptors"]) == 4, "the three standard ones and the line to the parent"
    assert found["path"] == []
    assert found["uid"] == (65534 if os.getuid() == 0 else os.getuid())


def test_confinement_is_told() -> None:
    measures = confinement()
    assert set(measures) == {"priority", "user", "orphan", "limits", "privileges", "system calls"}
    assert measures["limits"] == "on"
