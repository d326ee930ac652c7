"""The filter itself, run by an interpreter of its language, for both processors."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.core.limited_seccomp import FORKING, MACHINES, Machine, forking_program, program

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
REFUSED, ABSENT = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
PROCESS = 4242


def decide(
    machine: Machine, number: int, arguments: tuple[int, ...] = (), audit: int | None = None, code: bytes | None = None
) -> int:
    """Classic BPF (linux/bpf_common.h), as far as the filter uses it: load, jump if equal, jump if set, return."""
    data = struct.pack("<IIQ", number, machine.audit if audit is None else audit, 0)
    data += struct.pack("<6Q", *(arguments + (0,) * 6)[:6])
    code = program(machine, PROCESS) if code is None else code
    instructions = [struct.unpack_from("<HBBI", code, place) for place in range(0, len(code), 8)]
    accumulator, at = 0, 0
    for _ in range(len(instructions)):
        operation, if_true, if_false, constant = instructions[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif operation == 0x15:
            at += if_true if accumulator == constant else if_false
        elif operation == 0x45:
            at += if_true if accumulator & constant else if_false
        else:
            assert operation == 0x06
            return int(constant)
    raise AssertionError("the filter does not end")


machines = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)


@machines
def test_conditions(machine: Machine) -> None:
    def on(name: str, *arguments: int) -> int:
        return decide(machine, machine.numbers[name], arguments)

    assert on("read") == on("write") == on("futex") == on("exit_group") == ALLOW
    assert on("mmap", 0, 4096, 3) == on("mprotect", 0, 4096, 1) == ALLOW
    assert on("mmap", 0, 4096, 5) == on("mprotect", 0, 4096, 7) == REFUSED
    assert on("clone", 0x3D0F00) == ALLOW, "a thread"
    assert on("clone", 17) == REFUSED, "a process (SIGCHLD)"
    assert on("clone3", 0) == ABSENT
    assert on("tgkill", PROCESS, 1, 6) == ALLOW
    assert on("tgkill", 1, 1, 9) == REFUSED
    assert on("prctl", 15) == on("prctl", 16) == ALLOW
    assert on("prctl", 4, 1) == on("prctl", 22) == REFUSED
    assert on("prlimit64", 0, 9, 0) == ALLOW, "asking"
    assert on("prlimit64", 0, 9, 1) == on("prlimit64", 0, 9, 1 << 32) == REFUSED, "setting"
    assert on("seccomp", 1) == REFUSED


@machines
def test_a_call_of_another_processor_ends_the_process(machine: Machine) -> None:
    for audit in (0x40000003, 0xC00000B7 ^ 0xC000003E ^ machine.audit, 0):
        assert decide(machine, machine.numbers["read"], audit=audit) == KILL


@machines
@given(number=st.integers(0, 0xFFFFFFFF), arguments=st.tuples(*[st.integers(0, 2**64 - 1)] * 6))
def test_what_is_not_listed_is_refused(machine: Machine, number: int, arguments: tuple[int, ...]) -> None:
    outcome = decide(machine, number, arguments)
    assert outcome in (ALLOW, REFUSED, ABSENT)
    if number not in machine.numbers.values():
        assert outcome == REFUSED


@machines
def test_nothing_that_opens_starts_or_reaches_is_listed(machine: Machine) -> None:
    forbidden = {"open", "openat", "openat2", "socket", "connect", "execve", "execveat", "fork", "vfork", "kill"}
    forbidden |= {"ptrace", "bpf", "io_uring_setup", "memfd_create", "pipe2", "dup", "sendmsg", "recvmsg", "setrlimit"}
    assert not forbidden & set(machine.numbers)
    assert len(set(machine.numbers.values())) == len(machine.numbers)
    assert len(program(machine, PROCESS)) // 8 < 4096, "the kernel's limit"


@pytest.mark.parametrize("name", ["openat", "socket", "execve", "ptrace", "memfd_create"])
def test_by_number_too(name: str) -> None:
    numbers = {
        "x86_64": {"openat": 257, "socket": 41, "execve": 59, "ptrace": 101, "memfd_create": 319},
        "aarch64": {"openat": 56, "socket": 198, "execve": 221, "ptrace": 117, "memfd_create": 279},
    }
    for key, machine in MACHINES.items():
        assert decide(machine, numbers[key][name]) == REFUSED


# the wider filter, of the process that others are forked from

both = pytest.mark.parametrize("name", MACHINES)


@both
def test_what_forking_needs_and_no_more(name: str) -> None:
    machine, more = MACHINES[name], FORKING[name]
    numbers = {**machine.numbers, **more}
    code = forking_program(machine, more)

    def on(call: str, *arguments: int) -> int:
        return decide(machine, numbers[call], arguments, code=code)

    assert on("read") == on("recvmsg") == on("wait4") == on("dup3") == ALLOW
    assert on("clone", 0x01200011) == on("clone", 0x3D0F00) == ALLOW, "a fork, a thread"
    for flags in (0x01200011 | 0x10000000, 0x01200011 | 0x20000000, 0x01208011, 17, 0x4111):
        assert on("clone", flags) == REFUSED, "namespaces, another parent, vfork"
    assert on("clone3", 0) == ABSENT
    assert on("mmap", 0, 4096, 5) == on("mprotect", 0, 4096, 4) == REFUSED
    assert on("seccomp", 1) == ALLOW
    assert on("seccomp", 0) == on("seccomp", 3) == REFUSED
    assert on("prctl", 1, 9) == on("prctl", 4, 0) == on("prctl", 15) == ALLOW
    assert on("prctl", 4, 1) == on("prctl", 22) == on("prctl", 38) == REFUSED
    assert on("prlimit64", 0, 9, 1) == ALLOW
    assert on("prlimit64", 1, 9, 1) == REFUSED, "the limits of another process"


@both
@given(number=st.integers(0, 600), arguments=st.tuples(*[st.integers(0, 2**64 - 1)] * 6))
def test_the_narrow_filter_allows_nothing_that_the_wider_one_refuses(
    name: str, number: int, arguments: tuple[int, ...]
) -> None:
    machine = MACHINES[name]
    if decide(machine, number, arguments) == ALLOW:
        assert decide(machine, number, arguments, code=forking_program(machine, FORKING[name])) == ALLOW


@both
def test_it_opens_starts_and_reaches_nothing_either(name: str) -> None:
    assert set(FORKING[name]) <= {"recvmsg", "wait4", "dup2", "dup3"}
    assert not set(FORKING[name].values()) & set(MACHINES[name].numbers.values())
    assert len(forking_program(MACHINES[name], FORKING[name])) // 8 < 4096
