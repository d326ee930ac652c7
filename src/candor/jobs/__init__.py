"""Work that must be done although the process may die: queued in the database, taken up again after a kill.

What is to be done stands in the `job` table, and every change of it is one transaction. DBOS Transact, which
keeps its own tables in the same database, hands waiting jobs to worker threads: one workflow of its is one
dispatch of a job. It knows nothing of what a job does, and no other room imports it.

Rules it keeps:

1. A job is enqueued in the transaction of the act that wants it: rolled back, it never was.
2. A job's name carries a version (`footage.renditions@1`). A handler whose steps change their meaning gets a
   new version; the old one stays registered until none of its jobs is open.
3. An ordinary step runs at least once: killed in its middle, it runs again. So it writes files under the hash
   of their content. Once its result is recorded, it does not run again, neither after a kill nor in a retry.
4. A transactional step runs exactly once: its result is recorded in the transaction of its rows. What must be
   written once (custody events first of all) is written there.
5. Steps are known by their name (and by how many times the name came up before in the same run), so what a
   handler calls a step must not depend on chance, on time or on what the database says just then.
6. A job is run by one execution at a time. One that has lost its job (its process was frozen, taken for dead,
   and thawed) is stopped at its next step and can commit nothing more.
7. Whoever stops beating is dead: after `silence` seconds its jobs go to the others, and at once when its
   process is gone from this machine.
8. Nothing leaves the machine: no console, no telemetry, no conductor.
"""

from __future__ import annotations

from candor.jobs.context import JobContext, JobStopped
from candor.jobs.engine_tables import ENGINE_TABLES, make_engine_tables
from candor.jobs.errors import JobDied, JobNameWrong, JobsNotIdle, JobsRunningAlready, ParametersNotJson
from candor.jobs.handlers import Failure, FailureHandler, Handler
from candor.jobs.records import Job, JobState
from candor.jobs.service import Jobs

__all__ = [
    "ENGINE_TABLES",
    "Failure",
    "FailureHandler",
    "Handler",
    "Job",
    "JobContext",
    "JobDied",
    "JobNameWrong",
    "JobState",
    "JobStopped",
    "Jobs",
    "JobsNotIdle",
    "JobsRunningAlready",
    "ParametersNotJson",
    "make_engine_tables",
]
