import pytest

from core.lifecycle import IN_FLIGHT, OPEN, TRANSITIONS, DeliveryState, sources

FINAL = {DeliveryState.DELIVERED, DeliveryState.SUPERSEDED}


def test_every_state_says_where_it_may_go():
    assert set(TRANSITIONS) == set(DeliveryState)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_what_is_delivered_or_superseded_stays_so(state):
    assert TRANSITIONS[state] == frozenset()


def test_every_state_is_reached_from_the_first():
    reached, new = set(), {DeliveryState.PENDING}
    while new:
        reached |= new
        new = {target for state in new for target in TRANSITIONS[state]} - reached
    assert reached == set(DeliveryState)


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - FINAL))
def test_from_every_other_state_a_delivery_can_still_come_to_its_end(state):
    reached, new = set(), {state}
    while new:
        reached |= new
        new = {target for state in new for target in TRANSITIONS[state]} - reached
    assert DeliveryState.DELIVERED in reached


def test_nothing_is_sent_but_from_pending_and_nothing_is_unknown_but_what_was_sent():
    assert sources(DeliveryState.SENT) == ["pending"]
    assert sources(DeliveryState.UNKNOWN) == ["sent"]


def test_what_may_stand_at_the_vendor_is_never_refused_or_left_waiting_unasked():
    for state in IN_FLIGHT:
        assert TRANSITIONS[state].isdisjoint({DeliveryState.WAITING, DeliveryState.REFUSED})


def test_open_is_what_still_needs_work():
    assert IN_FLIGHT < OPEN
    assert OPEN | FINAL | {DeliveryState.REFUSED} == set(DeliveryState)


def test_no_state_leads_to_itself():
    assert all(state not in targets for state, targets in TRANSITIONS.items())
