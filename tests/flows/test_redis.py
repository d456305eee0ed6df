"""Redis may lose everything at any time, or not be there at all: the rows are the work."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import invariants
import pytest
from hubs import RunningHub
from rq import Queue
from rq.serializers import DefaultSerializer, JSONSerializer

from core.kinds import Kind
from worker.bell import DRAIN, QUEUE, connect

DATABASES = [pytest.param(name, marks=pytest.mark.xdist_group(f"redis on {name}")) for name in ("sqlite", "postgresql")]


@pytest.fixture(scope="module", params=DATABASES)
def running(request, empty_database, served, tmp_path_factory):
    served.reset()
    with empty_database(request.param) as url:
        hub = RunningHub(served, tmp_path_factory.mktemp("life"), url, workers=2)
        yield hub
        hub.close()


@pytest.fixture
def redis(running):
    with connect(running.settings, timeout_seconds=5) as opened:
        yield opened


def harm(running, served):
    """What is broken once all is quiet again."""
    return invariants.broken(invariants.once_quiet(served, running, "nobody"))


def rung(redis):
    return redis.llen(f"rq:queue:{QUEUE}")


def test_what_was_queued_is_done_though_redis_forgets_it(running, served, redis):
    workers = [running.child(f"worker {number}") for number in range(2)]
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    served.trade(running.customer)
    running.wait(lambda: rung(redis), "a queued job")
    redis.flushall()
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
    assert harm(running, served) == []


@pytest.mark.parametrize("place", ["P6", "P7", "P11/invoice", "P12/invoice"])
def test_redis_may_forget_everything_while_it_is_counted_on(running, served, redis, place):
    """While the bell is rung, between the bell and the lane, before the next lane is rung, and in the middle of it."""
    forget_at(running, served, redis, place)
    assert harm(running, served) == []


def forget_at(running, served, redis, place):
    running.stop_at(place)
    running.trade_until_struck(place)
    redis.flushall()
    running.wake()


def test_an_idle_hub_does_not_notice_that_redis_has_forgotten_everything(running, served, redis):
    redis.flushall()
    served.trade(running.customer)
    assert harm(running, served) == []


def test_redis_killed_and_started_anew_loses_nothing(running, served):
    served.trade(running.customer)
    os.kill(running.redis.pid, signal.SIGKILL)
    running.restart_redis()
    assert harm(running, served) == []


def test_webhooks_are_accepted_while_redis_is_down(running, served):
    before = len(served.deliveries()[0])
    running.redis.close()
    served.trade(running.customer)
    running.wait(lambda: not served.deliveries()[1], "the webhooks to be delivered")
    told = served.deliveries()[0][before:]
    assert {one["status"] for one in told} == {200}
    assert {one["attempt"] for one in told} == {1}
    running.restart_redis()
    assert harm(running, served) == []


def test_webhooks_are_accepted_while_redis_hangs(running, served):
    before = len(served.deliveries()[0])
    os.kill(running.redis.pid, signal.SIGSTOP)
    try:
        served.trade(running.customer)
        running.wait(lambda: not served.deliveries()[1], "the webhooks to be delivered")
    finally:
        os.kill(running.redis.pid, signal.SIGCONT)
    told = served.deliveries()[0][before:]
    assert {(one["status"], one["attempt"]) for one in told} == {(200, 1)}
    assert harm(running, served) == []


def test_a_lane_that_is_rung_by_many_at_the_same_time_is_worked_by_one(running, served, redis):
    """The same job, twenty times over and for two workers."""
    xero, stripe = (running.connection(name) for name in ("Xero", "Stripe"))
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    served.trade(running.customer)
    lanes = [(stripe.id, kind, "ingest") for kind in (Kind.INVOICE, Kind.PAYMENT, Kind.CREDIT_NOTE)]
    lanes += [(xero.id, kind, "deliver") for _, kind, _ in lanes]
    with ThreadPoolExecutor(2) as bells:
        for lane in lanes * 20:
            bells.submit(queue.enqueue, DRAIN, args=(running.workspace_id, *lane))
    assert harm(running, served) == []


@pytest.mark.parametrize("serializer", [JSONSerializer, DefaultSerializer], ids=["json", "pickle"])
def test_a_job_that_names_another_function_is_not_run(running, served, redis, tmp_path, serializer):
    canary = tmp_path / "canary"
    Queue(QUEUE, connection=redis, serializer=serializer).enqueue("os.system", f"touch {canary}")
    running.wait(lambda: not rung(redis), "the job to be taken")
    served.trade(running.customer)
    assert harm(running, served) == []
    assert not canary.exists()
