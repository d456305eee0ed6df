import socket
import threading

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from core.clock import WallClock
from core.settings import settings_from
from worker.bell import DRAIN, QUEUE, Bell, LaneName, connect
from worker.embedded import EmbeddedRedis

LANE = LaneName("w", "c", "invoice", "ingest")
OTHER = LaneName("w", "c", "payment", "ingest")


@pytest.fixture
def settings(tmp_path):
    wanted = settings_from({"SUBLEDGER_HOME": str(tmp_path)})
    redis = EmbeddedRedis(wanted, WallClock())
    yield wanted
    redis.close()


@pytest.fixture
def queue(settings):
    with connect(settings, timeout_seconds=5) as redis:
        yield Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def test_a_lane_that_is_rung_often_is_one_job_until_a_worker_answers(settings, queue):
    bell = Bell(settings)
    bell.ring(LANE, LANE, OTHER)
    bell.ring(LANE)
    assert [job.args for job in queue.jobs] == [["w", "c", "invoice", "ingest"], ["w", "c", "payment", "ingest"]]
    bell.answered(LANE)
    bell.ring(LANE, OTHER)
    assert len(queue) == 3


def test_a_job_names_one_function_and_carries_texts_only(settings, queue):
    Bell(settings).ring(LANE)
    (job,) = queue.jobs
    assert (job.func_name, job.kwargs) == (DRAIN, {})
    assert all(isinstance(argument, str) for argument in job.args)


def test_without_redis_a_ring_is_given_up_and_nothing_is_raised(tmp_path, caplog):
    bell = Bell(settings_from({"SUBLEDGER_HOME": str(tmp_path)}))
    bell.ring(LANE, OTHER)
    bell.answered(LANE)
    assert [record.message for record in caplog.records] == [
        "the bell did not ring (ConnectionError); the sweep will find the work",
        "the bell could not be reset (ConnectionError)",
    ]


class Silent:
    """Accepts connections and never answers; counts them."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.accepted = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        self.url = f"redis://127.0.0.1:{self._listening.getsockname()[1]}"

    def _accept(self):
        while True:
            try:
                self.accepted.append(self._listening.accept()[0])
            except OSError:
                return

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for connection in self.accepted:
            connection.close()


def test_a_redis_that_hangs_costs_one_time_out_however_many_lanes_are_rung(tmp_path, caplog):
    silent = Silent()
    bell = Bell(settings_from({"SUBLEDGER_HOME": str(tmp_path), "REDIS_URL": silent.url}))
    bell.ring(LANE, OTHER, LANE)
    silent.close()
    assert len(caplog.records) == 1
    assert "TimeoutError" in caplog.text
    assert len(silent.accepted) == 1
