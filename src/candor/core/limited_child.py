"""The limited process itself: `python -I -B -m candor.core.limited_child DESCRIPTOR`.

It imports the code that examines, locks itself in (see `candor.core.limited_lock`), and only then asks for the first
byte. All it has is one socket to its parent: there it asks for pieces of the input, sends pieces of the outputs,
says how far it is, and leaves its result. `candor.core.limited_forking` is the other way to come to such a process.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from candor.core import limited_lock, limited_wire
from candor.core.limited_task import Channel, Refused, Task


def main(descriptor: int) -> int:
    """Run one task in a process that was started for it. 0 whenever the parent was told how it ended."""
    channel = Channel(descriptor)
    setup = json.loads(channel.receive(limited_wire.SETUP))
    sys.path.extend(setup["import_from"])
    module, _, name = setup["target"].partition(":")
    function: Callable[[Task], dict[str, Any]] = getattr(importlib.import_module(module), name)
    return examine(channel, setup, function, limited_lock.lock(setup["limits"], setup["parent"]))


def examine(
    channel: Channel, setup: dict[str, Any], function: Callable[[Task], dict[str, Any]], measures: dict[str, str]
) -> int:
    """Do the work, in a process that is locked in. 0: the parent was told how it ended."""
    task = Task(channel, setup)
    channel.send_note(limited_wire.HELLO, measures)
    try:
        result = function(task)
        channel.send_note(limited_wire.RESULT, result)
    except Refused as refusal:
        note = {"code": refusal.code[:100], "reason": refusal.reason[:1000]}
        channel.send_note(limited_wire.REFUSED, note)
    except MemoryError:
        channel.send_note(limited_wire.FAILED, {"kind": "memory", "text": ""})
    except Exception as error:
        traceback.print_exc()
        text = f"{type(error).__name__}: {error}"[:1000]
        channel.send_note(limited_wire.FAILED, {"kind": "error", "text": text})
    return 0


if __name__ == "__main__":
    # Leaving at once: an interpreter that tidies up could still stumble over what hostile bytes left behind.
    os._exit(main(int(sys.argv[1])))
