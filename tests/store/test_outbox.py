"""A delivery's one life, by the table in core.lifecycle, and the pushes that carry it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.entities import Product
from core.kinds import Kind
from core.lifecycle import TRANSITIONS, DeliveryState
from core.reasons import Reason, ReasonCode
from core.store import duties, links, outbox, pushes, schema
from core.store.links import Link
from core.store.outbox import ATTEMPTS_MAX, LINGER_SECONDS

S = DeliveryState
REASON = Reason(ReasonCode.REFUSED, {"document": "product 1"})


@pytest.fixture
def record_id(shop):
    return saved(shop)


def saved(shop, name="Plan", record_id=None):
    record_id = record_id or shop.store.new_id()
    shop.save(Kind.PRODUCT, {record_id: Product(name)})
    return record_id


def owe(shop, *record_ids, revision=1, parts=("",)):
    shop.do(outbox.owe, shop.ledger, Kind.PRODUCT, dict.fromkeys(record_ids, (revision, parts)))


def claim(shop, batch_max=50, patience=timedelta()):
    return shop.do(outbox.claim, shop.ledger, "product", batch_max, patience)


def due(shop):
    with shop.store.read() as database:
        return duties.due(database, shop.clock.now())


def linger(shop):
    shop.clock.sleep(LINGER_SECONDS)


def send(shop, owed, body=b"[]"):
    return shop.write(
        lambda work: pushes.prepare(
            shop.store,
            work,
            shop.ledger,
            Kind.PRODUCT,
            method="PUT",
            path="/Items",
            content_type="application/json",
            key="key",
            body=body,
            members=owed,
        )
    )


def states(shop):
    return [DeliveryState(row.state) for row in shop.all(schema.delivery)]


def force(shop, state):
    """Into a state, past the table."""
    shop.write(lambda work: work.connection.execute(update(schema.delivery).values(state=state.value)))


MOVES = {
    S.PARKED: lambda work, delivery: outbox.park(work, delivery.id, REASON),
    S.WAITING: lambda work, delivery: outbox.wait_for(
        work, delivery.connection_id, {delivery.id: [delivery.record_id]}
    ),
    S.PENDING: lambda work, delivery: outbox.give_back(work, [delivery.id]),
    S.DELIVERED: lambda work, delivery: outbox.settle(work, [delivery.id]),
}


@pytest.mark.parametrize("target", MOVES)
@pytest.mark.parametrize("source", DeliveryState)
def test_a_delivery_moves_only_where_the_table_lets_it(shop, record_id, source, target):
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    force(shop, source)

    def move(work):
        MOVES[target](work, delivery)

    if target in TRANSITIONS[source]:
        shop.write(move)
        assert states(shop) == [target]
    else:
        with pytest.raises(AssertionError, match="may not become"):
            shop.write(move)
        assert states(shop) == [source]


def test_a_batch_moves_as_a_whole_or_not_at_all(shop, record_id):
    owe(shop, record_id, saved(shop))
    one, two = shop.all(schema.delivery)
    shop.do(outbox.settle, [one.id])
    with pytest.raises(AssertionError, match="1 deliveries may not become delivered"):
        shop.do(outbox.settle, [one.id, two.id])
    assert states(shop) == [S.DELIVERED, S.PENDING]


def test_what_is_owed_waits_a_moment_for_company_unless_the_batch_is_full(shop, record_id):
    owe(shop, record_id)
    assert claim(shop, batch_max=2) == []
    owe(shop, saved(shop))
    assert len(claim(shop, batch_max=2)) == 2


def test_who_has_waited_long_enough_goes_with_whoever_is_there(shop, record_id):
    owe(shop, record_id)
    linger(shop)
    owe(shop, saved(shop))
    assert len(claim(shop)) == 2


def test_where_calls_are_dear_what_is_owed_waits_longer_and_nobody_looks_meanwhile(shop, record_id):
    hour = timedelta(hours=1)
    owe(shop, record_id)
    linger(shop)
    assert claim(shop, batch_max=2, patience=hour) == []
    assert due(shop) == []
    owe(shop, saved(shop))
    assert len(claim(shop, batch_max=2, patience=hour)) == 2


def test_where_calls_are_dear_nothing_waits_for_ever(shop, record_id):
    hour = timedelta(hours=1)
    owe(shop, record_id)
    assert claim(shop, batch_max=2, patience=hour) == []
    shop.clock.sleep(hour.total_seconds())
    assert len(due(shop)) == 1
    assert len(claim(shop, batch_max=2, patience=hour)) == 1


def test_a_batch_takes_the_oldest_and_no_more_than_fit(shop):
    record_ids = [saved(shop) for _ in range(5)]
    owe(shop, *record_ids)
    assert [one.record_id for one in claim(shop, batch_max=3)] == record_ids[:3]


def test_a_later_revision_takes_the_place_of_what_has_not_left_yet(shop, record_id):
    for state in (S.PENDING, S.WAITING, S.PARKED):
        owe(shop, record_id, revision=record(shop, record_id).revision)
        newest = shop.all(schema.delivery)[-1].id
        shop.write(
            lambda work, id_=newest, to=state: work.connection.execute(
                update(schema.delivery).where(schema.delivery.c.id == id_).values(state=to.value)
            )
        )
        saved(shop, f"after {state}", record_id)
    owe(shop, record_id, revision=4)
    assert states(shop) == [S.SUPERSEDED, S.SUPERSEDED, S.SUPERSEDED, S.PENDING]


def record(shop, record_id):
    [row] = shop.rows(select(schema.record).where(schema.record.c.id == record_id))
    return row


def test_a_later_revision_leaves_others_and_what_is_done_or_under_way_alone(shop, record_id):
    neighbour = saved(shop)
    owe(shop, record_id, neighbour)
    linger(shop)
    send(shop, claim(shop)[:1])
    saved(shop, "Plan B", record_id)
    owe(shop, record_id, revision=2)
    assert states(shop) == [S.SENT, S.PENDING, S.PENDING]


def test_a_record_has_one_delivery_in_flight_and_its_next_revision_stays_until_then(shop, record_id):
    owe(shop, record_id)
    linger(shop)
    push = send(shop, claim(shop))
    saved(shop, "Plan B", record_id)
    owe(shop, record_id, revision=2)
    linger(shop)
    assert claim(shop) == []
    shop.do(pushes.lose, push.id, push.members, shop.clock.now())
    assert claim(shop) == []
    shop.do(outbox.settle, [push.members[0].id])
    [owed] = claim(shop)
    assert (owed.revision, owed.current_revision) == (2, 2)


def test_two_parts_of_a_record_are_two_deliveries(shop, record_id):
    owe(shop, record_id, parts=["a", "b"])
    linger(shop)
    assert [one.part for one in claim(shop)] == ["a", "b"]


def test_a_claim_counts_the_attempt_and_a_suspect_goes_alone_until_it_is_parked(shop, record_id):
    owe(shop, record_id, saved(shop), saved(shop))
    linger(shop)
    assert [len(claim(shop)) for _ in range(2)] == [3, 3], "once may be chance"
    seen = [[one.id for one in claim(shop)] for _ in range(ATTEMPTS_MAX - 2)]
    assert seen == [seen[0]] * (ATTEMPTS_MAX - 2), "the first of those who were there, alone"
    assert len(seen[0]) == 1
    [next_one] = claim(shop)
    assert next_one.id != seen[0][0]
    parked = shop.all(schema.delivery)[0]
    assert (parked.state, parked.reason_code) == ("parked", "crashed")


def test_who_was_claimed_and_not_begun_is_no_suspect(shop, record_id):
    owe(shop, record_id, saved(shop))
    linger(shop)
    for _ in range(ATTEMPTS_MAX + 1):
        owed = claim(shop)
        assert len(owed) == 2
        shop.do(outbox.untried, [one.id for one in owed])


def test_after_a_batch_was_refused_as_a_whole_each_is_sent_by_itself(shop, record_id):
    owe(shop, record_id, saved(shop))
    linger(shop)
    owed = claim(shop)
    send(shop, owed)
    shop.do(outbox.send_alone, [one.id for one in owed])
    assert len(claim(shop)) == 1


def test_a_delivery_sleeps_until_what_it_needs_is_there_and_then_wakes(shop, record_id):
    needed = saved(shop)
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    shop.do(outbox.wait_for, shop.ledger, {delivery.id: [needed, needed]})
    linger(shop)
    assert claim(shop) == []
    assert shop.do(outbox.wake, shop.ledger, [record_id]) == set()
    assert shop.do(outbox.wake, shop.gateway, [needed]) == set(), "there, and not somewhere else"
    assert shop.do(outbox.wake, shop.ledger, [needed]) == {"product"}
    assert shop.all(schema.delivery_need) == []
    linger(shop)
    assert len(claim(shop)) == 1


def arrive(shop, record_id):
    """It is written there, and whoever waits for it wakes."""

    def arrived(work):
        links.add(work, shop.ledger, "test", Kind.PRODUCT, [Link(record_id, "", f"there-{record_id}", "", "")])
        return outbox.wake(work, shop.ledger, [record_id])

    return shop.write(arrived)


def test_some_of_a_batch_sleep_and_what_need_not_sleep_stays_ready(shop, record_id):
    there, missing, other = saved(shop), saved(shop), saved(shop)
    owe(shop, record_id)
    owe(shop, other)
    first, second = [one.id for one in shop.all(schema.delivery)]
    assert arrive(shop, there) == set()
    assert shop.do(outbox.wait_for, shop.ledger, {first: [missing], second: [there, missing]}) == [second]
    assert {one.id: one.state for one in shop.all(schema.delivery)} == {first: S.WAITING, second: S.PENDING}
    assert shop.do(outbox.wake, shop.ledger, [missing]) == {"product"}


def test_what_has_arrived_by_the_time_that_a_delivery_begins_to_wait_is_not_waited_for(shop, record_id):
    needed = saved(shop)
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    assert arrive(shop, needed) == set()
    assert shop.do(outbox.wait_for, shop.ledger, {delivery.id: [needed]}) == [delivery.id]
    assert states(shop) == [S.PENDING]


def test_who_begins_to_wait_while_what_it_needs_arrives_never_sleeps_on(shop, record_id):
    """Whichever of the two begins first, and though neither has committed when the other begins."""
    needed = saved(shop)
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    began = threading.Event()

    def waits(work):
        ready = outbox.wait_for(work, shop.ledger, {delivery.id: [needed]})
        began.set()
        time.sleep(0.3)
        return ready

    with ThreadPoolExecutor(2) as both:
        waiting = both.submit(shop.write, waits)
        assert began.wait(10)
        arriving = both.submit(arrive, shop, needed)
        assert (waiting.result(10), arriving.result(10)) == ([], {"product"})
    assert states(shop) == [S.PENDING]


def test_what_waited_and_gave_way_to_a_later_revision_does_not_wake(shop, record_id):
    needed = saved(shop)
    owe(shop, record_id)
    shop.do(outbox.wait_for, shop.ledger, {shop.all(schema.delivery)[0].id: [needed]})
    saved(shop, "Plan B", record_id)
    owe(shop, record_id, revision=2)
    assert shop.do(outbox.wake, shop.ledger, [needed]) == set()
    assert states(shop) == [S.SUPERSEDED, S.PENDING]


def test_parked_deliveries_are_released_by_their_cause(shop, record_id):
    owe(shop, record_id, saved(shop))
    one, two = shop.all(schema.delivery)
    shop.do(outbox.park, one.id, REASON)
    shop.do(outbox.park, two.id, Reason(ReasonCode.SLOT_UNMAPPED, {}))
    assert shop.do(outbox.release, shop.ledger, [ReasonCode.SLOT_UNMAPPED]) == 1
    assert shop.do(outbox.release, shop.gateway, list(ReasonCode)) == 0
    assert states(shop) == [S.PARKED, S.PENDING]
    assert shop.all(schema.delivery)[0].reason_params == REASON.params
    assert shop.all(schema.delivery)[1].reason_code is None


def test_a_push_is_kept_with_its_exact_bytes_and_its_members_in_order_before_it_leaves(shop):
    owe(shop, *[saved(shop) for _ in range(3)])
    linger(shop)
    owed = claim(shop)[::-1]
    body = b'[{"as":  "it was"}]'
    push = send(shop, owed, body)
    [(state, ask_after, found)] = shop.write(lambda work: pushes.unsettled(shop.store, work, shop.ledger, "product"))
    assert (state, ask_after) == ("sent", None)
    assert (found.body, found.key, found.method, found.path) == (body, "key", "PUT", "/Items")
    assert [one.id for one in found.members] == [one.id for one in owed] == [one.id for one in push.members]
    assert states(shop) == [S.SENT] * 3


def test_a_lost_answer_leaves_the_push_open_until_it_is_asked_about(shop, record_id):
    owe(shop, record_id)
    linger(shop)
    push = send(shop, claim(shop))
    later = shop.clock.now() + timedelta(seconds=30)
    shop.do(pushes.lose, push.id, push.members, later)
    [(state, ask_after, _)] = shop.write(lambda work: pushes.unsettled(shop.store, work, shop.ledger, "product"))
    assert (state, ask_after, states(shop)) == ("unknown", later, [S.UNKNOWN])

    def proven_absent(work):
        outbox.send_again(work, [push.members[0].id])
        pushes.close(shop.store, work, push.id, "found by asking", None)

    shop.write(proven_absent)
    assert shop.write(lambda work: pushes.unsettled(shop.store, work, shop.ledger, "product")) == []
    [owed] = claim(shop)
    assert owed.attempts == 1, "it stays counted: the next key is another one"


def test_an_answer_is_kept_sealed_with_its_push(shop, record_id):
    owe(shop, record_id)
    linger(shop)
    push = send(shop, claim(shop))

    def answered(work):
        outbox.settle(work, [push.members[0].id])
        pushes.close(shop.store, work, push.id, "answered", b'{"Ada": 1}')

    shop.write(answered)
    [row] = shop.all(schema.push)
    assert (row.state, row.outcome, row.settled_at) == ("settled", "answered", shop.clock.now())
    assert row.answer_body_id is not None
    assert states(shop) == [S.DELIVERED]


def test_which_records_were_ever_owed_is_known_whatever_became_of_it(shop, record_id):
    never = saved(shop)
    owe(shop, record_id)
    force(shop, S.SUPERSEDED)
    assert shop.do(outbox.owed_ever, shop.ledger, [record_id, never]) == {record_id}
    assert shop.do(outbox.owed_ever, shop.gateway, [record_id]) == set()


def test_what_waits_for_another_to_leave_sleeps_only_while_all_of_them_are_there(shop, record_id):
    leaving = [saved(shop), saved(shop)]
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    wait = (outbox.wait_for, shop.ledger, {delivery.id: leaving})
    assert shop.do(*wait, leaving=True) == [delivery.id], "they are not there"
    there = [Link(one, "", f"remote {one}", "", "") for one in leaving]
    shop.do(links.add, shop.ledger, "test", Kind.PRODUCT, there)
    assert shop.do(*wait, leaving=True) == []
    shop.do(links.remove, shop.ledger, Kind.PRODUCT, [there[0].remote_id])
    shop.do(outbox.wake, shop.ledger, [leaving[0]])
    assert shop.do(*wait, leaving=True) == [delivery.id], "one of them has left"


def test_what_was_never_woken_is_looked_at_again_after_as_long_as_it_has_been_owed(shop, record_id):
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    needed = saved(shop)
    for minutes in (1, 1, 2, 4, 8, 16, 32, 60, 60):
        shop.do(outbox.wait_for, shop.ledger, {delivery.id: [needed]})
        shop.clock.sleep(60 * minutes - 1)
        shop.do(outbox.look_again, shop.ledger, "product")
        assert states(shop) == [S.WAITING]
        shop.clock.sleep(1)
        shop.do(outbox.look_again, shop.ledger, "product")
        assert states(shop) == [S.PENDING]
        assert shop.all(schema.delivery_need) == []


def test_what_is_held_for_a_reason_says_it_until_it_goes_on(shop, record_id):
    owe(shop, record_id)
    [delivery] = shop.all(schema.delivery)
    news = saved(shop)
    shop.do(outbox.hold, delivery.id, REASON, news_of=[news])
    assert [(row.reason_code, row.reason_params) for row in shop.all(schema.delivery)] == [("refused", REASON.params)]
    assert shop.do(outbox.wake, shop.ledger, [news]) == {"product"}
    assert [(row.reason_code, row.reason_params) for row in shop.all(schema.delivery)] == [(None, None)]


def test_what_was_refused_for_what_rested_on_it_is_tried_again_when_that_is_gone(shop, record_id):
    owe(shop, record_id, saved(shop))
    one, two = shop.all(schema.delivery)
    shop.do(outbox.park, one.id, REASON)
    shop.do(outbox.park, two.id, REASON)
    assert shop.do(outbox.free, shop.ledger, [record_id]) == {"product"}
    assert states(shop) == [S.PENDING, S.PARKED]
