"""What a delivery's page shows before it is sent is what is sent, to the last digit."""

import pytest

from connectors.contract import Call
from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.store import connections, rulebooks
from core.store.reading import deliveries
from worker import compose
from worker.preview import Preview, preview
from worker.settle import content_hash


@pytest.fixture
def shown(hub):
    """What would be sent now, by delivery id, of all that has not left."""

    def read():
        found = {}
        with hub.store.read() as database:
            links = {one.id: one for one in connections.connections(database, hub.workspace_id)}
            for state in ("pending", "waiting", "parked"):
                page = deliveries.page(database, hub.workspace_id, state, "", "", None)
                assert page.older is None
                for one in page.rows:
                    target = links[one.connection_id]
                    found[one.id] = preview(hub.hub, database, target, Kind(one.kind), one.id)
        return found

    return read


@pytest.fixture
def sent(hub):
    """(method, element) of each delivery that was sent, by its id."""

    def read(delivery_id):
        with hub.store.read() as database:
            one = deliveries.one(database, hub.workspace_id, delivery_id)
            carried = deliveries.carried(hub.store, database, hub.workspace_id, delivery_id)
        writes = CONNECTORS["xero"].writes[Kind(one.kind)]
        for push in carried:
            call = Call(push.push.method, push.push.path, push.body, push.push.content_type, push.push.key)
            yield push.push.method, writes.rows(call)[push.position]

    return read


def test_what_is_shown_is_what_is_sent(hub, outside, shown, sent):
    outside.trade()
    outside.invoice(outside.customer(), currency="usd", tax="")
    hub.tell_all()
    before, kinds = {}, set()
    for _ in range(20):
        for lane in hub.lanes_due("ingest"):
            hub.drain("ingest", Kind(lane.kind), "Stripe")
        before |= {key: one for key, one in shown().items() if isinstance(one, Preview)}
        for lane in hub.lanes_due("deliver"):
            hub.drain("deliver", Kind(lane.kind), "Xero")
            kinds.add(lane.kind)
        hub.clock.sleep(2)
    assert hub.open_work() == {}, hub.sentences()
    assert kinds >= {"customer", "price", "invoice", "payment", "credit_note", "allocation", "refund", "credit_refund"}
    assert len(before) > 8
    for delivery_id, one in before.items():
        [(method, element)] = sent(delivery_id)
        assert one.method == method
        assert content_hash(one.element, None) == content_hash(element, None)


def test_showing_it_writes_nothing_and_asks_nobody(hub, outside, shown):
    outside.trade()
    hub.tell_all()
    for lane in hub.lanes_due("ingest"):
        hub.drain("ingest", Kind(lane.kind), "Stripe")
    calls, tables = len(outside.calls("xero")), hub.state_hash()
    assert shown()
    assert (len(outside.calls("xero")), hub.state_hash()) == (calls, tables)


def test_what_lacks_a_rule_says_so_until_the_rule_is_there(hub, outside, shown):
    outside.invoice(outside.customer(), tax="7")
    hub.tell_all()
    hub.work()
    [told] = shown().values()
    assert isinstance(told, Reason)
    assert told.code is ReasonCode.SLOT_UNMAPPED
    with hub.store.read() as database:
        held = rulebooks.in_force(database, hub.workspace_id, hub.connection("Xero").id, hub.clock.now())
    slots = {**held.rules["slots"], "tax_code": [{"use": "OUTPUT"}]}
    hub.store.write(
        hub.workspace_id, lambda work: rulebooks.add(work, hub.connection("Xero").id, {"slots": slots}, "tests")
    )
    [told] = shown().values()
    assert [line["TaxType"] for line in told.element["LineItems"]] == ["OUTPUT", "OUTPUT"]


def test_what_cannot_be_composed_at_all_spoils_no_page(hub, outside, shown, monkeypatch):
    outside.invoice(outside.customer())
    hub.tell_all()
    for lane in hub.lanes_due("ingest"):
        hub.drain("ingest", Kind(lane.kind), "Stripe")

    def torn(*_):
        raise RuntimeError("cannot be")

    monkeypatch.setattr(compose, "_look_around", torn)
    assert set(shown().values()) == {None}
