from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core.entities import Product
from core.kinds import Kind
from core.reasons import Reason, ReasonCode
from core.store import connections, cursors, duties, inbox, lanes, outbox, parked, pushes, rulebooks, schema
from core.store.cursors import Reading
from core.store.duties import Duty
from core.store.inbox import Told
from core.store.outbox import LINGER_SECONDS


def due(shop):
    with shop.store.read() as database:
        return duties.due(database, shop.clock.now())


def tell(shop, kind=Kind.INVOICE, remote_id="in_1"):
    told = Told(shop.gateway, f"evt {kind} {remote_id}", "type", kind, remote_id, "", b"{}", None)
    shop.write(lambda work: inbox.note(shop.store, work, [told], None, "webhook"))


def owe(shop, kind=Kind.PRODUCT):
    record_id = shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product("Plan")})
    shop.do(outbox.owe, shop.ledger, kind, {record_id: (1, [""])})


def ingest(shop, kind="invoice"):
    return Duty(shop.workspace_id, shop.gateway, kind, "ingest")


def deliver(shop, kind="product"):
    return Duty(shop.workspace_id, shop.ledger, kind, "deliver")


def test_every_lane_with_work_is_found_once_in_every_workspace(shop, other):
    tell(shop)
    tell(shop, remote_id="in_2")
    tell(other, Kind.PAYMENT)
    owe(shop)
    shop.clock.sleep(LINGER_SECONDS)
    assert set(due(shop)) == {ingest(shop), deliver(shop), ingest(other, "payment")}
    assert len(due(shop)) == 3


def test_money_comes_before_the_catalogue(shop):
    for kind in (Kind.CUSTOMER, Kind.PAYMENT, Kind.PRICE, Kind.INVOICE):
        tell(shop, kind)
    owe(shop, Kind.INVOICE)
    owe(shop)
    shop.clock.sleep(LINGER_SECONDS)
    kinds = [(duty.purpose, duty.kind) for duty in due(shop)]
    assert kinds[0] == ("deliver", "invoice")
    assert {kind for _, kind in kinds[1:4]} == {"payment", "invoice", "customer"}
    assert {kind for _, kind in kinds[4:]} == {"price", "product"}


def test_what_waits_for_company_is_not_due_yet(shop):
    owe(shop)
    assert due(shop) == []
    shop.clock.sleep(LINGER_SECONDS)
    assert due(shop) == [deliver(shop)]


def test_a_lane_that_somebody_holds_is_left_alone_until_its_lease_ends(shop):
    tell(shop)
    shop.do(lanes.claim, shop.gateway, "invoice", "ingest", owner="worker 1", lease_seconds=60)
    assert due(shop) == []
    shop.clock.sleep(60)
    assert due(shop) == [ingest(shop)]


def test_a_connection_that_rests_or_is_paused_has_no_duties(shop):
    tell(shop)
    shop.do(connections.back_off, shop.gateway, 100, 0)
    assert due(shop) == []
    shop.clock.sleep(100)
    assert due(shop) == [ingest(shop)]
    shop.do(connections.pause, shop.gateway, "Connect it again.")
    assert due(shop) == []


def test_a_push_is_due_when_it_was_left_or_may_be_asked_about(shop):
    owe(shop)
    shop.clock.sleep(LINGER_SECONDS)
    owed = shop.do(outbox.claim, shop.ledger, "product", 50)
    push = shop.write(
        lambda work: pushes.prepare(
            shop.store,
            work,
            shop.ledger,
            Kind.PRODUCT,
            method="PUT",
            path="/",
            content_type="",
            key="",
            body=b"",
            members=owed,
        )
    )
    assert due(shop) == [deliver(shop)], "sent, and nobody holds the lane: whoever sent it is no more"
    shop.do(pushes.lose, push.id, push.members, shop.clock.now() + timedelta(seconds=30))
    assert due(shop) == []
    shop.clock.sleep(30)
    assert due(shop) == [deliver(shop)]


def test_a_slot_of_the_schedule_is_taken_once_whoever_asks(shop, other):
    slot = shop.clock.now()
    assert [shop.do(duties.take_slot, "pull", slot) for _ in range(3)] == [True, False, False]
    assert shop.do(duties.take_slot, "sweep", slot)
    assert other.do(duties.take_slot, "pull", slot)
    assert shop.do(duties.take_slot, "pull", slot + timedelta(seconds=60))


def test_slots_are_remembered_for_a_day_and_the_latest_is_known(shop):
    first = shop.clock.now()
    for hours in (0, 1, 25):
        assert shop.do(duties.take_slot, "pull", first + timedelta(hours=hours))
    with shop.store.read() as database:
        assert duties.latest_slots(database) == {(shop.workspace_id, "pull"): first + timedelta(hours=25)}
    assert not shop.do(duties.take_slot, "pull", first + timedelta(hours=1))
    assert len(shop.all(schema.schedule_slot)) == 2


def test_a_slot_taken_by_another_spoils_nothing_of_the_unit_of_work(shop):
    slot = shop.clock.now()
    shop.do(duties.take_slot, "pull", slot)

    def both(work):
        return duties.take_slot(work, "pull", slot), duties.take_slot(work, "other", slot)

    assert shop.write(both) == (False, True)
    assert not shop.do(duties.take_slot, "other", slot)


def test_a_cursor_is_where_its_last_commit_left_it(shop):
    def position():
        with shop.store.read() as database:
            found = cursors.cursor(database, shop.workspace_id, shop.gateway, Kind.INVOICE)
        return found and (found.position, found.saved_at, found.reading)

    assert position() is None
    now = shop.clock.now()
    begun = Reading(now)
    ended = Reading(now, whole_at=now, begun_before_at=now - timedelta(days=1))
    shop.do(cursors.save, shop.gateway, Kind.INVOICE, {"after": "in_1"}, begun)
    assert position() == ({"after": "in_1"}, now, begun)
    shop.do(cursors.save, shop.gateway, Kind.INVOICE, {"after": "in_2"}, ended)
    shop.do(cursors.save, shop.gateway, Kind.PAYMENT, {"after": "py_1"}, begun)

    def page_that_fails(work):
        cursors.save(work, shop.gateway, Kind.INVOICE, {"after": "in_3"}, begun)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shop.write(page_that_fails)
    assert position() == ({"after": "in_2"}, now, ended)


def test_a_reading_is_compared_with_the_last_one_that_came_to_its_end():
    monday, tuesday, wednesday, thursday = (datetime(2026, 11, day, tzinfo=UTC) for day in (23, 24, 25, 26))
    whole = replace(Reading(monday).again(tuesday), whole_at=tuesday)
    assert Reading(monday).again(tuesday).begun_before_at is None
    cut_short = whole.again(wednesday)
    assert cut_short == Reading(wednesday, None, tuesday)
    assert cut_short.again(thursday) == Reading(thursday, None, tuesday)


def test_versions_of_a_rulebook_are_added_and_the_newest_whose_time_has_come_is_in_force(shop):
    def in_force(at):
        with shop.store.read() as database:
            found = rulebooks.in_force(database, shop.workspace_id, shop.ledger, at)
        return found and (found.version, found.rules)

    first_at = shop.clock.now()
    assert in_force(first_at) is None
    assert shop.do(rulebooks.add, shop.ledger, {"slots": {"a": 1}}, "Ada") == 1
    shop.clock.sleep(60)
    assert shop.do(rulebooks.add, shop.ledger, {"slots": {"a": 2}}, "Ada") == 2
    assert in_force(first_at) == (1, {"slots": {"a": 1}})
    assert in_force(shop.clock.now()) == (2, {"slots": {"a": 2}})
    assert shop.do(rulebooks.add, shop.gateway, {"slots": {}}, "Ada") == 1
    assert [row.actor for row in shop.all(schema.rulebook)] == ["Ada"] * 3


def test_what_is_parked_is_grouped_by_cause_with_the_oldest_as_its_example(shop):
    for number in range(3):
        tell(shop, remote_id=f"in_{number}")
    ids = [row.id for row in shop.all(schema.event)]
    for number, code in ((1, ReasonCode.RATE_MISSING), (2, ReasonCode.RATE_MISSING), (0, ReasonCode.CRASHED)):
        shop.do(inbox.park, [ids[number]], Reason(code, {"document": f"invoice {number}"}))
    owe(shop)
    shop.do(outbox.park, shop.all(schema.delivery)[0].id, Reason(ReasonCode.REFUSED, {"document": "product"}))
    with shop.store.read() as database:
        causes = parked.by_cause(database, shop.workspace_id)
    assert [(cause.what, cause.code, cause.count, cause.params) for cause in causes] == [
        ("event", "rate_missing", 2, {"document": "invoice 1"}),
        ("event", "crashed", 1, {"document": "invoice 0"}),
        ("delivery", "refused", 1, {"document": "product"}),
    ]


def test_open_work_is_counted_by_state_for_one_workspace(shop, other):
    tell(shop)
    tell(shop, remote_id="in_2")
    tell(other)
    shop.write(
        lambda work: work.connection.execute(
            update(schema.event).where(schema.event.c.remote_id == "in_2").values(state="done")
        )
    )
    with shop.store.read() as database:
        assert duties.open_work(database, shop.workspace_id) == {
            "event": {"done": 1, "pending": 1},
            "delivery": {},
            "push": {},
        }
