from datetime import timedelta

import pytest

from core.reasons import Reason, ReasonCode
from core.store import inbox, schema
from core.store.bodies import open_bodies
from core.store.inbox import Message, Told

FOREIGN = Reason(ReasonCode.FOREIGN_ACCOUNT, {"account": "acct_sandbox_unknown"})


@pytest.fixture
def told(shop):
    def told(key, remote_id="in_1", *, content=b"{}", connection_id=shop.gateway, account="", parked=None):
        return Told(connection_id, key, "invoice.paid", "invoice", remote_id, account, content, None, parked)

    return told


@pytest.fixture
def note(shop):
    def note(*told):
        return shop.write(lambda work: inbox.note(shop.store, work, told, None, "webhook"))

    return note


@pytest.fixture
def claim(shop):
    def claim(objects_max=25):
        return shop.do(inbox.claim, shop.gateway, "invoice", objects_max)

    return claim


def states(shop):
    return [(row.key, row.state) for row in shop.all(schema.event)]


def test_a_receipt_keeps_the_raw_bytes_sealed_and_gives_them_back(shop):
    app_id = shop.all(schema.app)[0].id
    body = b'{"raw":  "as it came"}'
    message = Message(app_id, {"stripe-signature": "t=1"}, body, readable=True, told=())
    [receipt_id] = shop.write(lambda work: inbox.receive(shop.store, work, [message]))
    [receipt] = shop.all(schema.receipt)
    assert (receipt.id, receipt.headers, receipt.received_at) == (
        receipt_id,
        {"stripe-signature": "t=1"},
        shop.clock.now(),
    )
    [sealed] = shop.all(schema.body)
    assert b"as it came" not in sealed.sealed
    with shop.store.read() as database:
        assert open_bodies(shop.store, database, shop.workspace_id, [receipt.body_id]) == {receipt.body_id: body}


def test_the_same_event_is_filed_once_for_ever(shop, note, told, claim):
    assert note(told("evt_1"), told("evt_1"), told("evt_2")) == 2
    [hint] = claim()
    shop.do(inbox.finish, hint.event_ids)
    shop.clock.sleep(400 * 86400)
    assert note(told("evt_1")) == 0
    assert states(shop) == [("evt_1", "done"), ("evt_2", "done")]


def test_the_same_key_at_two_connections_is_two_events(shop, note, told):
    note(told("evt_1"))
    assert note(told("evt_1"), told("evt_1", connection_id=shop.ledger)) == 1
    assert len(shop.all(schema.event)) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_a_known_key_with_other_contents_is_kept_beside_the_first_and_the_object_is_read_afresh(
    shop, note, told, claim, at_once
):
    first, second = told("evt_1", content=b"paid"), told("evt_1", content=b"void")
    if at_once:
        assert note(first, second) == 1
    else:
        note(first)
        [hint] = claim()
        shop.do(inbox.finish, hint.event_ids)
        assert note(second) == 0
    note(first, second)  # and told again it changes nothing more
    original, conflict = shop.all(schema.event)
    assert (original.key, original.state, original.attempts) == ("evt_1", "pending", 0)
    assert conflict.key.startswith("evt_1#")
    assert (conflict.state, conflict.reason_code) == ("parked", "same_id_other_body")


def test_a_conflict_is_looked_for_at_its_own_connection_only(shop, note, told):
    note(told("evt_1", content=b"a"), told("evt_1", content=b"b", connection_id=shop.ledger))
    note(told("evt_1", content=b"b", connection_id=shop.ledger))
    assert [state for _, state in states(shop)] == ["pending", "pending"]


def test_an_event_of_an_account_that_is_not_connected_is_parked_once(shop, note, told, claim):
    stranger = told("evt_1", connection_id=None, account="acct_sandbox_unknown", parked=FOREIGN)
    assert note(stranger) == 1
    assert note(stranger, stranger) == 0
    [row] = shop.all(schema.event)
    assert (row.state, row.reason_code, row.reason_params) == ("parked", "foreign_account", FOREIGN.params)
    assert claim() == []


def test_what_nothing_is_to_be_done_about_is_kept_and_ignored(shop, note, claim):
    note(Told(shop.gateway, "evt_1", "account.updated", "", "acct_1", "", b"{}", None))
    assert states(shop) == [("evt_1", "ignored")]
    assert claim() == []


def test_five_events_about_one_object_are_one_hint(note, told, claim):
    note(*[told(f"evt_{number}", "in_1") for number in range(5)], told("evt_other", "in_2"))
    one, other = claim()
    assert (one.remote_id, len(one.event_ids)) == ("in_1", 5)
    assert (other.remote_id, len(other.event_ids)) == ("in_2", 1)


def test_a_claim_takes_the_oldest_objects_and_no_more_than_it_may(note, told, claim):
    note(*[told(f"evt_{number}", f"in_{number}") for number in range(5)])
    assert [hint.remote_id for hint in claim(2)] == ["in_0", "in_1"]


def test_a_claim_counts_the_attempt_before_the_work_begins(shop, note, told, claim):
    note(told("evt_1"))
    claim()
    assert [row.attempts for row in shop.all(schema.event)] == [1]


def test_after_a_crash_those_who_were_there_go_alone_and_only_the_guilty_is_parked(shop, note, told, claim):
    note(told("evt_good", "in_good"), told("evt_bad", "in_bad"), told("evt_bad_too", "in_bad"))

    def work_that_stops_at_the_bad_one():
        hints = claim()
        if hints and not any(hint.remote_id == "in_bad" for hint in hints):
            shop.do(inbox.finish, [event_id for hint in hints for event_id in hint.event_ids])
        return [hint.remote_id for hint in hints]

    assert work_that_stops_at_the_bad_one() == ["in_good", "in_bad"]
    assert work_that_stops_at_the_bad_one() == ["in_good"]
    assert work_that_stops_at_the_bad_one() == ["in_bad"]
    assert work_that_stops_at_the_bad_one() == ["in_bad"]
    note(told("evt_new", "in_new"))
    assert work_that_stops_at_the_bad_one() == ["in_new"]
    assert states(shop) == [
        ("evt_good", "done"),
        ("evt_bad", "parked"),
        ("evt_bad_too", "parked"),
        ("evt_new", "done"),
    ]
    assert {row.reason_code for row in shop.all(schema.event) if row.state == "parked"} == {"crashed"}


def test_what_could_not_be_asked_about_is_given_back_without_blame(shop, note, told, claim):
    note(told("evt_1"), told("evt_2", "in_2"))
    for _ in range(inbox.ATTEMPTS_MAX + 1):
        hints = claim()
        assert len(hints) == 2
        shop.do(inbox.give_back, [event_id for hint in hints for event_id in hint.event_ids])


def test_what_was_parked_for_a_cause_is_tried_again_once_the_cause_is_gone(shop, note, told, claim):
    note(told("evt_1"), told("evt_2", "in_2"))
    one, two = claim()
    shop.do(inbox.park, one.event_ids, Reason(ReasonCode.RATE_MISSING, {"document": "invoice 1"}))
    shop.do(inbox.park, two.event_ids, Reason(ReasonCode.UNREADABLE_ROW, {"document": "invoice 2"}))
    assert shop.do(inbox.release, shop.gateway, [ReasonCode.RATE_MISSING]) == 1
    assert [hint.remote_id for hint in claim()] == ["in_1"]
    row = shop.all(schema.event)[0]
    assert (row.reason_code, row.reason_params) == (None, None)


def test_a_claim_sees_neither_another_tenants_events_nor_anothers_lane(shop, other, note, told, claim):
    note(told("evt_1"))
    assert other.do(inbox.claim, shop.gateway, "invoice", 25) == []
    assert shop.do(inbox.claim, shop.gateway, "payment", 25) == []
    assert len(claim()) == 1


def test_an_event_that_happened_long_ago_keeps_its_own_moment(shop, note):
    at = shop.clock.now() - timedelta(days=2)
    note(Told(shop.gateway, "evt_1", "invoice.paid", "invoice", "in_1", "", b"{}", at))
    [row] = shop.all(schema.event)
    assert (row.occurred_at, row.created_at) == (at, shop.clock.now())
