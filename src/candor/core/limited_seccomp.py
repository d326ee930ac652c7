"""A system call filter (seccomp-bpf, Linux 3.17 and later) for a process that has nothing more to open.

The filter is a list of what is allowed; everything else fails with EPERM, so that a library can notice and go on.
What is left: memory that is not executable, threads of this process, clocks, signals of this process to itself, and
`read`, `write`, `lseek` and `close` on descriptors that are already open. There is no call left that opens a file, a
socket or a pipe, that starts a program, or that looks at another process.

A second, wider filter is for the clean process that such processes are forked from (`candor.core.limited_forking`): it
may also fork, take descriptors from its parent, and ask how a child ended. Filters add up, and the strictest wins: a
child puts the narrow one on top of it before it reads the first untrusted byte. Numbers: arch/x86/entry/syscalls/
syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux; the structure of a filter: linux/filter.h and
linux/seccomp.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import Final, NamedTuple

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_SET: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_ALLOW: Final = 0x7FFF0000
_KILL_PROCESS: Final = 0x80000000
_ERRNO: Final = 0x00050000

_NUMBER: Final = 0  # offsets in struct seccomp_data; both machines are little-endian
_MACHINE: Final = 4
_ARGUMENTS: Final = 16

_PROT_EXEC: Final = 4
_CLONE_THREAD: Final = 0x00010000
_FORK: Final = 0x01200011  # CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD: what fork() of the C library asks for
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NAME: Final = 15
_PR_GET_NAME: Final = 16
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_SET_MODE_FILTER: Final = 1
_SECCOMP_FILTER_FLAG_TSYNC: Final = 1


_Instruction = tuple[int, int, int, int]
_PASS: Final[_Instruction] = (_RETURN, 0, 0, _ALLOW)
_REFUSE: Final[_Instruction] = (_RETURN, 0, 0, _ERRNO | errno.EPERM)


class Machine(NamedTuple):
    """One kind of processor: its audit number and its system call numbers by name."""

    audit: int
    numbers: dict[str, int]


_X86_64: Final = Machine(
    0xC000003E,
    {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10,
        "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19,
        "writev": 20, "select": 23, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35,
        "getpid": 39, "clone": 56, "exit": 60, "uname": 63, "gettimeofday": 96, "getrusage": 98,
        "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108,
        "getppid": 110, "sigaltstack": 131, "prctl": 157, "gettid": 186, "time": 201, "futex": 202,
        "sched_getaffinity": 204, "set_tid_address": 218, "restart_syscall": 219, "clock_gettime": 228,
        "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234, "pselect6": 270,
        "ppoll": 271, "set_robust_list": 273, "get_robust_list": 274, "prlimit64": 302, "getcpu": 309,
        "seccomp": 317, "getrandom": 318, "membarrier": 324, "rseq": 334, "clone3": 435,
    },
)  # fmt: skip
_AARCH64: Final = Machine(
    0xC00000B7,
    {
        "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mmap": 222, "mprotect": 226,
        "munmap": 215, "brk": 214, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
        "readv": 65, "writev": 66, "sched_yield": 124, "mremap": 216, "madvise": 233, "nanosleep": 101,
        "getpid": 172, "clone": 220, "exit": 93, "uname": 160, "gettimeofday": 169, "getrusage": 165,
        "sysinfo": 179, "times": 153, "getuid": 174, "getgid": 176, "geteuid": 175, "getegid": 177,
        "getppid": 173, "sigaltstack": 132, "prctl": 167, "gettid": 178, "futex": 98,
        "sched_getaffinity": 123, "set_tid_address": 96, "restart_syscall": 128, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "exit_group": 94, "tgkill": 131, "pselect6": 72,
        "ppoll": 73, "set_robust_list": 99, "get_robust_list": 100, "prlimit64": 261, "getcpu": 168,
        "seccomp": 277, "getrandom": 278, "membarrier": 283, "rseq": 293, "clone3": 435,
    },
)  # fmt: skip
MACHINES: Final = {"x86_64": _X86_64, "aarch64": _AARCH64}
# What the process that is forked from may call besides.
FORKING: Final = {
    "x86_64": {"recvmsg": 47, "wait4": 61, "dup2": 33, "dup3": 292},
    "aarch64": {"recvmsg": 212, "wait4": 260, "dup3": 24},
}

# These are allowed only with certain arguments, see `program`; `seccomp` itself is here for its number alone.
_CONDITIONAL: Final = frozenset({"mmap", "mprotect", "clone", "clone3", "prctl", "prlimit64", "tgkill", "seccomp"})


def program(machine: Machine, process: int) -> bytes:
    """The filter as the kernel wants it: 8-byte instructions. `process` is the id of the process it is for."""
    code = _beginning(machine, {})
    _never_executable(code, machine)
    _when(code, machine, "clone", _argument(0), (_JUMP_SET, 0, 1, _CLONE_THREAD), _PASS, _REFUSE)
    _when(code, machine, "tgkill", _argument(0), (_JUMP_EQUAL, 0, 1, process), _PASS, _REFUSE)
    _when(
        code,
        machine,
        "prctl",
        _argument(0),
        (_JUMP_EQUAL, 1, 0, _PR_SET_NAME),
        (_JUMP_EQUAL, 0, 1, _PR_GET_NAME),
        _PASS,
        _REFUSE,
    )
    _when(  # asking for a limit, not setting one: the pointer to the new limit is null
        code,
        machine,
        "prlimit64",
        _argument(2),
        (_JUMP_EQUAL, 0, 3, 0),
        _argument(2, high=True),
        (_JUMP_EQUAL, 0, 1, 0),
        _PASS,
        _REFUSE,
    )
    return _packed(code)


def forking_program(machine: Machine, more: dict[str, int]) -> bytes:
    """The wider filter. `more` holds the numbers of FORKING for this processor.

    Besides forking it leaves what a child needs to narrow itself down: limits of its own, the narrow filter, and to be
    killed with its parent. Signals to threads are left to the narrow filter, which knows the child's number.
    """
    code = _beginning(machine, more)
    _never_executable(code, machine)
    _when(
        code,
        machine,
        "clone",
        _argument(0),
        (_JUMP_EQUAL, 1, 0, _FORK),
        (_JUMP_SET, 0, 1, _CLONE_THREAD),
        _PASS,
        _REFUSE,
    )
    _when(code, machine, "tgkill", _PASS)
    _when(code, machine, "seccomp", _argument(0), (_JUMP_EQUAL, 0, 1, _SECCOMP_SET_MODE_FILTER), _PASS, _REFUSE)
    _when(
        code,
        machine,
        "prctl",
        _argument(0),
        (_JUMP_EQUAL, 5, 0, _PR_SET_NAME),
        (_JUMP_EQUAL, 4, 0, _PR_GET_NAME),
        (_JUMP_EQUAL, 3, 0, _PR_SET_PDEATHSIG),
        (_JUMP_EQUAL, 0, 3, _PR_SET_DUMPABLE),
        _argument(1),
        (_JUMP_EQUAL, 0, 1, 0),  # closing it to debuggers, never opening it
        _PASS,
        _REFUSE,
    )
    _when(code, machine, "prlimit64", _argument(0), (_JUMP_EQUAL, 0, 1, 0), _PASS, _REFUSE)  # its own limits only
    return _packed(code)


def _beginning(machine: Machine, more: dict[str, int]) -> list[_Instruction]:
    """The right processor, and the calls that are allowed whatever their arguments."""
    code: list[_Instruction] = [
        (_LOAD, 0, 0, _MACHINE),
        (_JUMP_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for name, number in {**machine.numbers, **more}.items():
        if name not in _CONDITIONAL:
            code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    return code


def _when(code: list[_Instruction], machine: Machine, name: str, *tests: _Instruction) -> None:
    """For the call `name`, these instructions. They end in _PASS or _REFUSE; a jump to either skips over the other."""
    code.append((_JUMP_EQUAL, 0, len(tests), machine.numbers[name]))
    code.extend(tests)


def _never_executable(code: list[_Instruction], machine: Machine) -> None:
    for name in ("mmap", "mprotect"):
        _when(code, machine, name, _argument(2), (_JUMP_SET, 0, 1, _PROT_EXEC), _REFUSE, _PASS)
    # The flags of clone3 lie behind a pointer that a filter cannot follow: ENOSYS makes the C library take clone.
    _when(code, machine, "clone3", (_RETURN, 0, 0, _ERRNO | errno.ENOSYS))


def _packed(code: list[_Instruction]) -> bytes:
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in (*code, _REFUSE))


def _argument(number: int, *, high: bool = False) -> _Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * number + (4 if high else 0))


class _SockFprog(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid_new_privileges() -> str | None:
    """Set PR_SET_NO_NEW_PRIVS. None when done, otherwise why not."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return "this system has no prctl"
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return os.strerror(ctypes.get_errno())
    return None


def install(*, forking: bool = False) -> str | None:
    """Put the filter on every thread of this process, for good; `forking`: the wider one.

    None when done, otherwise why not.
    """
    machine = MACHINES.get(platform.machine())
    if platform.system() != "Linux":
        return f"{platform.system()} has no system call filter"
    if machine is None or struct.calcsize("P") != 8:
        return f"no filter is written for the processor {platform.machine()}"
    code = forking_program(machine, FORKING[platform.machine()]) if forking else program(machine, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    prog = _SockFprog(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(
        ctypes.c_long(machine.numbers["seccomp"]),
        ctypes.c_long(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_long(_SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.byref(prog),
    )
    if done != 0:
        return "the kernel did not take the filter: " + os.strerror(ctypes.get_errno())
    return None
