import pytest

from core.errors import Fenced
from core.kinds import Kind
from core.store import connections, lanes
from worker.lane import working


@pytest.fixture
def lane(hub, workspace_id):
    """What is needed to ask for the lane of Xero's invoices."""
    with hub.store.read() as database:
        (xero,) = [one for one in connections.connections(database, workspace_id) if one.vendor == "xero"]
    return (hub, workspace_id, xero.id, Kind.INVOICE, "deliver")


def test_a_lane_that_is_held_is_not_given_to_another(lane):
    with working(*lane) as held:
        assert held is not None
        with working(*lane) as another:
            assert another is None
        with working(*lane[:3], Kind.PAYMENT, "deliver") as of_another_kind:
            assert of_another_kind is not None
    with working(*lane) as again:
        assert again.lane.fence == held.lane.fence + 1


def test_every_write_renews_the_lease(hub, lane):
    with working(*lane) as held:
        for _ in range(3):
            hub.clock.sleep(hub.lease_seconds - 1)
            held.write(lambda _: None)
            with working(*lane) as another:
                assert another is None


def test_who_comes_back_after_its_lease_writes_nothing(hub, lane):
    written = []
    with working(*lane) as late:
        hub.clock.sleep(hub.lease_seconds)
        with working(*lane) as held:
            with pytest.raises(Fenced):
                late.write(lambda _: written.append("late"))
            held.write(lambda _: written.append("in time"))
        late.write(lambda _: written.append("still late"))
        written.append("not reached: the work ends without a word")
    assert written == ["in time"]


def test_a_lane_is_free_again_after_an_error(lane):
    with pytest.raises(ZeroDivisionError), working(*lane):
        raise ZeroDivisionError
    with working(*lane) as held:
        assert held is not None


def test_a_connection_that_is_paused_or_rests_gives_no_lane(hub, lane):
    _, workspace_id, connection_id, *_ = lane
    hub.store.write(workspace_id, lambda work: connections.back_off(work, connection_id, 30, 0))
    with working(*lane) as held:
        assert held is None
    hub.clock.sleep(30)
    hub.store.write(workspace_id, lambda work: connections.pause(work, connection_id, "gone"))
    with working(*lane) as held:
        assert held is None


def test_a_drain_stops_by_itself_after_a_bounded_time(hub, lane):
    with working(*lane) as held:
        assert held.time_left()
        hub.clock.sleep(10)
        assert not held.time_left()


def test_who_released_a_lane_does_not_hold_its_successor(hub, lane):
    with working(*lane) as first:
        pass
    with working(*lane) as second:
        assert second.lane.fence > first.lane.fence
        with pytest.raises(Fenced):
            hub.store.write(lane[1], lambda work: lanes.hold(work, first.lane))


@pytest.fixture
def other_lane(lane):
    return (*lane[:3], Kind.PAYMENT, "deliver")


@pytest.fixture
def rested(hub, lane):
    """The connection was left alone for a while, and the while is over."""
    _, workspace_id, connection_id, *_ = lane
    hub.store.write(workspace_id, lambda work: connections.back_off(work, connection_id, 30, 0))
    hub.clock.sleep(31)
    return connection_id


def test_after_a_rest_one_lane_asks_first_and_its_answer_opens_the_others(rested, lane, other_lane):
    with working(*lane) as asking:
        with working(*other_lane) as another:
            assert another is None
        asking.write(lambda work: connections.succeeded(work, rested))
        with working(*other_lane) as another:
            assert another is not None


def test_who_asked_first_and_had_nothing_to_ask_lets_the_next_one_ask(rested, lane, other_lane):
    with working(*lane) as asking:
        assert asking is not None
    with working(*other_lane) as next_one, working(*lane) as not_now:
        assert next_one is not None
        assert not_now is None


def test_who_was_refused_again_leaves_the_rest_as_long_as_the_refusal_said(hub, rested, lane, other_lane):
    with working(*lane) as asking:
        asking.write(lambda work: connections.back_off(work, rested, 600, 0))
    hub.clock.sleep(599)
    with working(*other_lane) as too_early:
        assert too_early is None


def test_who_died_while_asking_first_is_followed_by_another(hub, rested, lane, other_lane):
    asking = working(*lane)
    asking.__enter__()
    hub.clock.sleep(hub.lease_seconds)
    with working(*other_lane) as another:
        assert another is not None
