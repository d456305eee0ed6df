"""The worker process: RQ with warm work-horses, one queue, JSON only, and one function that a job may name."""

import logging
import os
from typing import Any

from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from core.settings import Settings
from worker import jobs
from worker.bell import DRAIN, QUEUE, connect

_log = logging.getLogger(__name__)


class DrainJob(Job):  # type: ignore[misc]
    """Whoever can write to Redis can name a function: only ours is run, whatever the job says."""

    @property
    def func(self) -> Any:
        if self.func_name != DRAIN:
            raise PermissionError("a job named a function that this worker does not run")
        return jobs.drain


class DrainWorker(Worker):  # type: ignore[misc]
    job_class = DrainJob

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        # a forked child must not use its parent's database connections
        jobs.this_hub().store.engine.dispose(close=False)
        super().main_work_horse(job, queue)


def run_worker(settings: Settings) -> None:
    """Serves the bell until it is told to stop. SIGTERM finishes the job at hand. The hub is open already."""
    redis = connect(settings, timeout_seconds=None)
    worker = DrainWorker(
        [Queue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=DrainJob)],
        connection=redis,
        serializer=JSONSerializer,
        job_class=DrainJob,
        log_job_description=False,
        maintenance_interval=60,
        name=f"subledger-{os.getpid()}-{os.urandom(4).hex()}",
    )
    worker.work(logging_level="WARNING", with_scheduler=False)
