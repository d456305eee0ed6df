"""Redis may lose everything at any time, or not be there at all: the rows are the work."""

import os
import signal

import invariants
import pytest
from hubs import RunningHub
from rq import Queue
from rq.serializers import DefaultSerializer, JSONSerializer

from worker.bell import QUEUE, connect


@pytest.fixture(scope="module")
def running(empty_database, served, tmp_path_factory):
    served.reset()
    with empty_database("sqlite") as url:
        hub = RunningHub(served, tmp_path_factory.mktemp("life"), url)
        yield hub
        hub.close()


@pytest.fixture
def redis(running):
    with connect(running.settings, timeout_seconds=5) as opened:
        yield opened


def all_is_well(running, served):
    running.wait_until_quiet()
    return invariants.broken(invariants.gather(served, running, "nobody")) == []


def rung(redis):
    return redis.llen(f"rq:queue:{QUEUE}")


def test_what_was_queued_is_done_though_redis_forgets_it(running, served, redis):
    worker = running.child("worker 0")
    worker.send_signal(signal.SIGSTOP)
    served.sell()
    running.wait(lambda: rung(redis), "a queued job")
    redis.flushall()
    worker.send_signal(signal.SIGCONT)
    assert all_is_well(running, served)


def test_redis_killed_and_started_anew_loses_nothing(running, served):
    served.sell()
    os.kill(running.redis.pid, signal.SIGKILL)
    running.restart_redis()
    assert all_is_well(running, served)


def test_webhooks_are_accepted_while_redis_is_down(running, served):
    before = len(served.deliveries()[0])
    running.redis.close()
    served.sell()
    running.wait(lambda: not served.deliveries()[1], "the webhooks to be delivered")
    told = served.deliveries()[0][before:]
    assert {one["status"] for one in told} == {200}
    assert {one["attempt"] for one in told} == {1}
    running.restart_redis()
    assert all_is_well(running, served)


def test_webhooks_are_accepted_while_redis_hangs(running, served):
    before = len(served.deliveries()[0])
    os.kill(running.redis.pid, signal.SIGSTOP)
    try:
        served.sell()
        running.wait(lambda: not served.deliveries()[1], "the webhooks to be delivered")
    finally:
        os.kill(running.redis.pid, signal.SIGCONT)
    told = served.deliveries()[0][before:]
    assert {(one["status"], one["attempt"]) for one in told} == {(200, 1)}
    assert all_is_well(running, served)


@pytest.mark.parametrize("serializer", [JSONSerializer, DefaultSerializer], ids=["json", "pickle"])
def test_a_job_that_names_another_function_is_not_run(running, served, redis, tmp_path, serializer):
    canary = tmp_path / "canary"
    Queue(QUEUE, connection=redis, serializer=serializer).enqueue("os.system", f"touch {canary}")
    running.wait(lambda: not rung(redis), "the job to be taken")
    served.sell()
    assert all_is_well(running, served)
    assert not canary.exists()
