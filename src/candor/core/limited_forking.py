"""The clean process that limited ones are forked from: `python -I -B -m candor.core.limited_forking DESCRIPTOR`.

It imports the code that examines, locks itself in as far as a process can that must still fork, and waits. For each
task it is handed two descriptors, forks, and forgets them. It never reads a byte of any input, nor the setup of a task:
every child is a copy of a process that has seen nothing. The child then gives up what is left (fork included), and is
what `candor.core.limited_child` would have become, a hundred times sooner.

Words on the control socket (a packet each). From the parent: the first is JSON {"module", "import_from", "parent"};
then FORK with the child's socket and its standard error, or STATUS with the number of a child. Answers: READY, or UNFIT
and why; the child's number or 0; whether a child ended, and how. A child that ended stays a zombie until it is asked
about, so that its number means nobody else.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import socket
import struct
import sys
from types import ModuleType
from typing import Final

from candor.core import limited_wire
from candor.core.limited_child import examine
from candor.core.limited_lock import Prepared, confine, prepare
from candor.core.limited_task import Channel

FORK: Final = b"F"
STATUS: Final = b"S"
READY: Final = b"R"
UNFIT: Final = b"U"
CHILD: Final = struct.Struct(">i")  # the number of a child; after STATUS, or as the answer to FORK
ENDED: Final = struct.Struct(">?i")  # whether it ended, and its exit status (negative: the signal)
PACKET: Final = 64 << 10


def main(descriptor: int) -> int:
    """Import, lock in, and fork until the parent closes its end."""
    control = socket.socket(fileno=descriptor)
    setup = json.loads(control.recv(PACKET))
    sys.path.extend(setup["import_from"])
    try:
        module = importlib.import_module(setup["module"])
    except Exception as error:
        control.send(UNFIT + f"{type(error).__name__}: {error}".encode()[:1000])
        return 1
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:  # a copy would hold whatever locks the others held at that moment, for ever
        control.send(UNFIT + f"importing {setup['module']} starts threads".encode())
        return 1
    # What is there now stays: the collector of a child need not write into the pages it shares.
    gc.collect()
    gc.freeze()
    prepared = prepare(setup["parent"])
    os.dup2(1, 2)  # its own standard error was for the words above; nobody reads it from here on
    os.write(descriptor, READY)
    return _serve(control, module, prepared)


def _serve(control: socket.socket, module: ModuleType, prepared: Prepared) -> int:
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, PACKET, 2)
        if not message:  # the parent closed its end, or is gone
            return 0
        if message[:1] == FORK and len(descriptors) == 2:
            answer = CHILD.pack(_fork(control, module, prepared, *descriptors))
        else:
            answer = ENDED.pack(*_status(*CHILD.unpack(message[1:])))
        os.write(control.fileno(), answer)


def _fork(control: socket.socket, module: ModuleType, prepared: Prepared, line: int, errors: int) -> int:
    """The number of a new child, or 0 where there can be none now."""
    mine = os.getpid()
    try:
        number = os.fork()
    except OSError:
        number = -1
    if number == 0:
        status = 1
        try:
            control.close()
            os.dup2(errors, 2)
            os.close(errors)
            status = _child(Channel(line), module, prepared, mine)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(line)
    os.close(errors)
    return max(0, number)


def _child(channel: Channel, module: ModuleType, prepared: Prepared, parent: int) -> int:
    setup = json.loads(channel.receive(limited_wire.SETUP))
    function = getattr(module, setup["target"].partition(":")[2])
    return examine(channel, setup, function, confine(prepared, setup["limits"], parent))


def _status(number: int) -> tuple[bool, int]:
    try:
        found, status = os.waitpid(number, os.WNOHANG)
    except ChildProcessError:  # asked about twice
        return True, 0
    return (True, os.waitstatus_to_exitcode(status)) if found else (False, 0)


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1])))
