import pytest

from connectors.registry import CONNECTORS
from core.store import connections, duties, inbox
from core.store.inbox import Told
from worker.sweep import schedule, sweep, tick


class Rung(list):
    def ring(self, *lanes):
        self.extend(lanes)


@pytest.fixture
def rung(hub, monkeypatch):
    heard = Rung()
    monkeypatch.setattr(type(hub.bell), "ring", lambda _, *lanes: heard.ring(*lanes))
    return heard


@pytest.fixture
def stripe(hub, workspace_id):
    with hub.store.read() as database:
        return next(one for one in connections.connections(database, workspace_id) if one.vendor == "stripe")


def told(hub, stripe, key="evt_1"):
    one = Told(stripe.id, key, "invoice.paid", "invoice", "in_1", "", b"", None)
    hub.store.write(stripe.workspace_id, lambda work: inbox.note(hub.store, work, [one], None, "webhook"))


def test_the_sweep_rings_what_nobody_has_rung(hub, stripe, rung):
    assert sweep(hub) == []
    told(hub, stripe)
    told(hub, stripe, "evt_2")
    assert [(lane.connection_id, lane.kind, lane.purpose) for lane in sweep(hub)] == [(stripe.id, "invoice", "ingest")]
    assert len(rung) == 1


def test_the_sweep_leaves_what_rests_or_is_paused(hub, stripe):
    told(hub, stripe)
    hub.store.write(stripe.workspace_id, lambda work: connections.back_off(work, stripe.id, 30, 0))
    assert sweep(hub) == []
    hub.clock.sleep(30)
    assert len(sweep(hub)) == 1
    hub.store.write(stripe.workspace_id, lambda work: connections.pause(work, stripe.id, "gone"))
    assert sweep(hub) == []


@pytest.mark.usefixtures("stripe")
def test_however_many_schedulers_ask_a_slot_is_run_once(hub, rung):
    for _ in range(3):
        schedule(hub)
    every = sum(len(connector.pulls) for name, connector in CONNECTORS.items() if name in {"stripe", "xero"})
    assert len(rung) == every
    hub.clock.sleep(CONNECTORS["stripe"].poll_seconds)
    schedule(hub)
    schedule(hub)
    assert len(rung) == every + len(CONNECTORS["stripe"].pulls)


def test_a_slot_belongs_to_one_task_of_one_workspace(hub, workspace_id):
    def take(task):
        return hub.store.write(workspace_id, lambda work: duties.take_slot(work, task, hub.clock.now()))

    assert (take("pull:a"), take("pull:a"), take("pull:b")) == (True, False, True)


def test_a_database_that_is_busy_is_tried_again_at_the_next_tick(hub, stripe, rung, monkeypatch, caplog):
    from core.errors import Busy

    def busy(*_):
        raise Busy("The database is locked.")

    told(hub, stripe)
    with monkeypatch.context() as locked:
        locked.setattr("worker.sweep.duties.due", busy)
        tick(hub)
    assert "The database is locked." in caplog.text
    assert rung == []
    tick(hub)
    assert rung
