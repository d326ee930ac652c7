"""What can go wrong with jobs, in words for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class JobNameWrong(CandorError):
    """The text {name} cannot name a job. A name has a room, an act and a version, as footage.renditions@1,
    and is registered once."""

    exit_code = 1


class ParametersNotJson(CandorError):
    """{what} of the job {name} cannot be written as JSON: {reason}. Give text, numbers, booleans, lists and
    dictionaries with text keys."""

    exit_code = 1


class JobsRunningAlready(CandorError):
    """This process runs jobs already. Shut the first ones down before launching others."""

    exit_code = 1


class JobsNotIdle(CandorError):
    """After {seconds} seconds {count} jobs are still open. They go on in the background, or when `candor
    serve` or `candor work` runs next."""

    exit_code = 10


class JobDied(CandorError):
    """The process that ran this job ended {deaths} times in the middle of it, so it is not tried again. The
    likely causes are too little memory and a file that crashes the program that reads it."""

    exit_code = 1
