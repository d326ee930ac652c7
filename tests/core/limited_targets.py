"""What the tests of `candor.core.limited` run in a limited process: good work, and every kind of bad."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import mmap
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from candor.core import limited_wire
from candor.core.limited_task import Refused, Task


def digest(task: Task) -> dict[str, Any]:
    """Read it all, in odd pieces."""
    found, size = hashlib.sha256(), 0
    while piece := task.source.read(77_777):
        found.update(piece)
        size += len(piece)
        task.progress(size / max(1, task.source.size))
    return {"sha256": found.hexdigest(), "size": size, "params": task.params}


def ranges(task: Task) -> dict[str, Any]:
    """Read the ranges that were asked for."""
    pieces = []
    for offset, length in task.params["ranges"]:
        task.source.seek(offset)
        pieces.append(task.source.read(length).hex())
    return {"pieces": pieces}


def write_back(task: Task) -> dict[str, Any]:
    """Do the writes that were asked for, then read everything again."""
    output = task.outputs["out"]
    for offset, text in task.params["writes"]:
        output.seek(offset)
        output.write(bytes.fromhex(text))
    again = output.again()
    content = b""
    while piece := again.read(10_000):
        content += piece
    return {"content": content.hex()}


def pour(task: Task) -> dict[str, Any]:
    """Write without end."""
    while True:
        task.outputs["out"].write(b"x" * 100_000)


def rewrite(task: Task) -> dict[str, Any]:
    """Write the same place without end."""
    while True:
        task.outputs["out"].seek(0)
        task.outputs["out"].write(b"x" * 1000)


def far(task: Task) -> dict[str, Any]:
    """One byte, very far away."""
    task.outputs["out"].seek(1 << 60)
    task.outputs["out"].write(b"x")
    return {}


def refuse(task: Task) -> dict[str, Any]:
    raise Refused("too-odd", "it is too odd")


def fail(task: Task) -> dict[str, Any]:
    raise RuntimeError("nothing\x1b[31m is as it should be" + "!" * 5000)


def keep(task: Task) -> dict[str, Any]:
    """Read everything, hold it in memory, say so, and wait to be ended."""
    held = task.source.read()
    task.progress(1.0)
    while held:
        time.sleep(60)
    return {}


def burn(task: Task) -> dict[str, Any]:
    """Use so much processor time."""
    began = time.process_time()
    while time.process_time() - began < task.params["seconds"]:
        pass
    return {"number": os.getpid(), "parent": os.getppid()}


def nap(task: Task) -> dict[str, Any]:
    time.sleep(task.params["seconds"])
    return {"number": os.getpid(), "parent": os.getppid()}


def end_itself(task: Task) -> dict[str, Any]:
    """What the kernel does when memory runs out."""
    signal.raise_signal(signal.SIGKILL)
    return {}


def segfault(task: Task) -> dict[str, Any]:
    ctypes.string_at(8)
    return {}


def abort(task: Task) -> dict[str, Any]:
    os.abort()


def leave(task: Task) -> dict[str, Any]:
    os._exit(3)


def sleep(task: Task) -> dict[str, Any]:
    time.sleep(600)
    return {}


def deaf(task: Task) -> dict[str, Any]:
    """Ignore what can be ignored, then hang."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(600)


def spin(task: Task) -> dict[str, Any]:
    while True:
        pass


def babble(task: Task) -> dict[str, Any]:
    """Keep the parent busy for ever."""
    while True:
        task.source.seek(0)
        task.source._blocks.clear()
        task.source.read(10)


def hoard(task: Task) -> dict[str, Any]:
    held = []
    while True:
        held.append(bytearray(32 << 20))


def hoard_natively(task: Task) -> dict[str, Any]:
    """Memory that no Python object accounts for."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while address := libc.malloc(ctypes.c_size_t(32 << 20)):
        ctypes.memset(address, 1, 32 << 20)
    raise MemoryError


def many_words(task: Task) -> dict[str, Any]:
    """Far more on standard error than a pipe holds."""
    for _ in range(3000):
        sys.stderr.write("a word of warning " * 50 + "\n")
    return {"said": True}


def big_result(task: Task) -> dict[str, Any]:
    return {"much": "x" * task.params["size"]}


def no_json(task: Task) -> dict[str, Any]:
    return {"what": float("nan")}


def a_list(task: Task) -> Any:
    return [1, 2, 3]


def raw(task: Task) -> dict[str, Any]:
    """Send exactly these bytes to the parent, and hang."""
    limited_wire.send_all(task._channel._descriptor, bytes.fromhex(task.params["bytes"]))
    time.sleep(600)
    return {}


def flood(task: Task) -> dict[str, Any]:
    """Ask for input without ever taking the answers."""
    request = limited_wire.frame(limited_wire.READ, limited_wire.READ_FRAME.pack(0, limited_wire.MAX_BLOCK))
    while True:
        limited_wire.send_all(task._channel._descriptor, request)


def threads(task: Task) -> dict[str, Any]:
    """Threads are allowed: decoders need them."""
    done: list[int] = []
    workers = [threading.Thread(target=done.append, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"done": sorted(done)}


def surroundings(task: Task) -> dict[str, Any]:
    """What the process can see of the world."""
    open_descriptors = []
    for number in range(256):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as error:
            if error.errno == errno.EBADF:
                continue
        open_descriptors.append(number)
    return {
        "environment": sorted(os.environ),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "number": os.getpid(),
        "parent": os.getppid(),
        "descriptors": open_descriptors,
        "path": [entry for entry in sys.path if entry in ("", ".", os.curdir)],
    }


def attempts(task: Task) -> dict[str, Any]:
    """Try everything that is forbidden; {name: errno name, or "DONE" when it went through}."""
    libc = ctypes.CDLL(None, use_errno=True)

    def native(name: str, *arguments: Any) -> None:
        if getattr(libc, name)(*arguments) == -1:
            raise OSError(ctypes.get_errno(), name)

    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)

    tries: dict[str, Callable[[], Any]] = {
        "open for reading": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "open for writing": lambda: os.open("/tmp/candor-limited-test", os.O_WRONLY | os.O_CREAT),
        "stat": lambda: os.stat("/etc/passwd"),
        "list a folder": lambda: os.listdir("/"),
        "delete": lambda: os.unlink(task.params["victim"]),
        "rename": lambda: os.rename(task.params["victim"], task.params["victim"] + "2"),
        "make a folder": lambda: os.mkdir("/tmp/candor-limited-folder"),
        "internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "socket pair": socket.socketpair,
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "pipe": os.pipe,
        "duplicate": lambda: os.dup(2),
        "memory file": lambda: os.memfd_create("x"),
        "fork": fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "more memory": lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)),
        "more descriptors": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        "executable memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "trace": lambda: native("ptrace", 16, os.getppid(), 0, 0),
        "namespace": lambda: native("unshare", 0x10000000),
        "become root": lambda: os.setresuid(0, 0, 0),
        "change the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
        "debuggable again": lambda: native("prctl", 4, 1, 0, 0, 0),
    }
    outcome: dict[str, Any] = {}
    for name, attempt in tries.items():
        try:
            attempt()
            outcome[name] = "DONE"
        except OSError as error:
            outcome[name] = errno.errorcode.get(error.errno or 0, str(error))
        except ValueError as error:  # setrlimit says so when the kernel refuses to raise a hard limit
            outcome[name] = f"EPERM ({error})"
    return outcome


def deep(task: Task) -> dict[str, Any]:
    """A result nested so deep that reading it could exhaust the stack."""
    text = ("[" * 100_000 + "]" * 100_000).encode()
    task._channel.send(limited_wire.RESULT, text)
    return {}


def wrong_progress(task: Task) -> dict[str, Any]:
    task._channel.send(limited_wire.PROGRESS, struct.pack(">d", float("nan")))
    return json.loads("{}")
