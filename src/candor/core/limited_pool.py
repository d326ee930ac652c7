"""The warm processes that limited ones are forked from: which there are, and when each comes and goes.

1. One per module (`limited_template`), started when it is first needed, by one thread for all that wait for it.
2. One that is worn (a child of it crashed, or it forked its number) is replaced in the background.
3. There are never more than `most`; the one that was used longest ago gives way. With 0 there are none.
4. One that is not used for `IDLE_SECONDS` ends.
5. They end with the service, however that ends: in order, by an error, or killed.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from concurrent.futures import Future
from typing import Final

from candor.core.limited_template import MOST_CHILDREN, Template, possible

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 300.0
UNFIT_SECONDS: Final = 60.0
"""How long it is believed that there can be no template of a module."""
_LOOK_SECONDS: Final = 15.0

_Work = tuple[str, tuple[str, ...]]


class Pool:
    """For any number of threads. A process has one, `candor.core.limited` keeps it."""

    def __init__(self, most: int, idle_seconds: float = IDLE_SECONDS) -> None:
        self.most = most
        self.idle_seconds = idle_seconds
        self._possible: bool | None = None
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._templates: dict[_Work, Template] = {}
        self._worn: list[Template] = []
        self._starting: dict[_Work, Future[Template | None]] = {}
        self._unfit: dict[_Work, float] = {}
        self._orders: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._keeper: threading.Thread | None = None

    def acquire(self, module: str, import_from: tuple[str, ...]) -> Template | None:
        """A warm template of the module, to be given back by `release`; None when there is none to be had."""
        work = (module, import_from)
        while self.most > 0:
            with self._lock:
                template = self._templates.get(work)
                if template is not None and (template.worn or not template.lives()):
                    self._wear(work)
                    template = None
                if template is not None:
                    template.users += 1
                    template.last_used = time.monotonic()
                    return template
                if not self._may_start(work):
                    return None
                coming = self._order(work)
            if coming.result() is None:
                break
        return None

    def release(self, template: Template, *, crashed: bool) -> None:
        """One of its children has ended. `crashed`: by a signal that nobody sent, so it is not to be used again."""
        with self._lock:
            template.users -= 1
            template.last_used = time.monotonic()
            template.worn = template.worn or crashed or template.forked >= MOST_CHILDREN
            work = next((key for key, found in self._templates.items() if found is template), None)
            if template.worn and work is not None:
                self._wear(work)
                if self._may_start(work):
                    self._order(work)
            ended = self._gather()
        _end(ended)

    def drain(self) -> None:
        """End those that are not in use; the others end with their last task. The next `acquire` starts anew."""
        self._settle()
        with self._lock:
            for work in list(self._templates):
                self._wear(work)
            self._unfit.clear()
            ended = self._gather()
        _end(ended)

    def close(self) -> None:
        """End all of them, also those in use: nobody is there any more who could want to know."""
        self._settle()
        with self._lock:
            ended = [*self._templates.values(), *self._worn]
            self._templates.clear()
            self._worn.clear()
        _end(ended)

    def _settle(self) -> None:
        with self._lock:
            coming = list(self._starting.values())
        for one in coming:
            one.exception()  # wait for it

    def numbers(self) -> list[int]:
        """The process numbers of those that are there."""
        with self._lock:
            return [template.number for template in (*self._templates.values(), *self._worn)]

    def forget(self) -> None:
        """In a fork of the service: what there is belongs to the other one."""
        for template in (*self._templates.values(), *self._worn):
            template.forget()
        self._begin()

    # with the lock held

    def _may_start(self, work: _Work) -> bool:
        if self._possible is None:
            self._possible = possible()
        told = self._unfit.get(work)
        unfit = told is not None and time.monotonic() - told < UNFIT_SECONDS
        return self.most > 0 and self._possible and not unfit

    def _order(self, work: _Work) -> Future[Template | None]:
        if work not in self._starting:
            self._starting[work] = Future()
            self._orders.put(work)
            if self._keeper is None:
                # The kernel ends a template with the thread that started it: this one lives as long as the process.
                self._keeper = threading.Thread(target=self._keep, name="limited-keeper", daemon=True)
                self._keeper.start()
        return self._starting[work]

    def _wear(self, work: _Work) -> None:
        template = self._templates.pop(work)
        template.worn = True
        self._worn.append(template)

    def _gather(self) -> list[Template]:
        """Those that are to end now, taken out."""
        while len(self._templates) > self.most:
            self._wear(min(self._templates, key=lambda work: self._templates[work].last_used))
        now = time.monotonic()
        for work, template in list(self._templates.items()):
            if not template.users and now - template.last_used > self.idle_seconds:
                self._wear(work)
        ended = [template for template in self._worn if not template.users]
        self._worn = [template for template in self._worn if template.users]
        return ended

    # the keeper

    def _keep(self) -> None:
        while True:
            work: _Work | None = None
            with contextlib.suppress(queue.Empty):
                work = self._orders.get(timeout=min(_LOOK_SECONDS, max(0.05, self.idle_seconds / 4)))
            if work is not None:
                self._start(work)
            with self._lock:
                ended = self._gather()
            _end(ended)

    def _start(self, work: _Work) -> None:
        template: Template | None = None
        try:
            template = Template.start(*work)
        except Exception as error:  # whatever it is: whoever waits must not wait for ever
            log.warning("no process can be kept ready for %s, so each file gets a fresh one: %s", work[0], error)
        with self._lock:
            if template is None:
                self._unfit[work] = time.monotonic()
            else:
                self._templates[work] = template
            self._starting.pop(work).set_result(template)


def _end(templates: list[Template]) -> None:
    for template in templates:
        template.end()
