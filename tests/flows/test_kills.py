"""A process is killed with SIGKILL wherever it hurts, in the middle of real work, and all comes out right."""

import json

import invariants
import pytest
from hubs import RunningHub

from core.store import connections
from worker.setup import set_up

PLACES = [
    # web: inside the inbox transaction; stored but not answered
    "P4/invoice",
    "P4/payment",
    "P5/invoice",
    "P5/payment",
    # worker: before the read, after the read, inside the work transaction, after it
    "P8/invoice",
    "P9/payment",
    "P10/invoice",
    "P10/payment",
    "P11/invoice",
    "P11/payment",
    # worker: chosen to be sent; promised to be sent; done there without an answer; answered; written down
    "P12/payment",
    "P14/invoice",
    "P14/payment",
    "P16/Invoices",
    "P16/Payments",
    "P17/invoice",
    "P17/payment",
    "P18/invoice",
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def life(request, empty_database, served, tmp_path_factory):
    """One life of a hub on each kind of database; it goes on from one kill to the next."""
    served.reset()
    with empty_database(request.param) as url:
        running = RunningHub(served, tmp_path_factory.mktemp("life"), url)
        bystander = set_up(running.store, json.dumps(served.workspace("Bystander"))).workspace_id
        _pause(running, bystander)
        yield running, bystander
        running.close()


def _pause(running, workspace_id):
    """The other tenant has the same accounts, and is not to be worked for."""
    with running.store.read() as database:
        ids = [one.id for one in connections.connections(database, workspace_id)]
    for connection_id in ids:
        running.store.write(workspace_id, lambda work, of=connection_id: connections.pause(work, of, "not its turn"))


@pytest.mark.parametrize("place", PLACES)
def test_a_process_that_is_killed_loses_nothing_and_does_nothing_twice(life, served, place):
    running, bystander = life
    running.die_at(place)
    served.sell()
    running.wait(running.died, f"a process to die at {place}")
    running.wait_until_quiet()
    assert invariants.broken(invariants.gather(served, running, bystander)) == []


def test_a_power_cut_in_the_middle_loses_nothing_and_does_nothing_twice(life, served):
    running, bystander = life
    for _ in range(3):
        served.sell()
    running.wait(running.open_work, "work to cut off")
    running.kill_all()
    running.wait_until_quiet()
    assert invariants.broken(invariants.gather(served, running, bystander)) == []
