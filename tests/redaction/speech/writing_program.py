"""Writes out transcripts until nothing is left to do, or until it is killed. Arguments: database URL, folder of the
store, folder of the keys, a file that gets a line for every passage that is heard."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from candor.core.clock import SystemClock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.footage.transcribing import JOB
from candor.footage.transcript_text import Word
from candor.jobs import Jobs
from candor.redaction.speech.decoding import Samples
from candor.redaction.speech.writing import Writer
from candor.store import KeyRing, Vault
from candor.store.folder import FolderStore


@dataclass(frozen=True)
class Heard:
    words: tuple[Word, ...]
    language: str = "en"


class Patient:
    """A machine that takes its time and counts: each passage is one word that says how long it is."""

    name = "patient@1"
    sha256 = bytes(range(32))
    rough = False
    remark = "A machine for tests."

    def __init__(self, book: Path, pause: float = 0.0) -> None:
        self._book, self._pause = book, pause

    def hear(self, sound: Samples, language: str) -> Heard:
        time.sleep(self._pause)
        length = len(sound) // 16
        with self._book.open("a") as book:
            book.write(f"{length}\n")
        return Heard((Word(0, length, f"xyzzy{length}.", 0.5),))


def main(url: str, store: Path, keys: Path, book: Path) -> None:
    """Work until killed."""
    database = Database(url)
    jobs = Jobs(database, slots=1, silence=2.0, poll=0.05)
    vault = Vault(FolderStore(store), KeyRing.load(keys))
    machine = Patient(book, 0.4)
    writer = Writer(database, vault, Settings(), SystemClock(), load=lambda way, settings, language: machine, stretch=1)
    jobs.register(JOB, writer.write, on_failure=writer.give_up)
    jobs.launch()
    print("working", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
