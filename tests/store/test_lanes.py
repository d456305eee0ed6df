import pytest

from core.errors import Fenced
from core.store import lanes

LEASE_SECONDS = 60


def claim(shop, owner="worker 1", kind="invoice", purpose="deliver"):
    return shop.do(lanes.claim, shop.ledger, kind, purpose, owner=owner, lease_seconds=LEASE_SECONDS)


def test_a_lane_is_held_by_one_at_a_time(shop):
    lane = claim(shop)
    assert claim(shop, "worker 2") is None
    shop.do(lanes.release, lane)
    assert claim(shop, "worker 2").fence == lane.fence + 1


def test_lanes_of_other_kinds_purposes_and_tenants_are_free(shop, other):
    claim(shop)
    assert claim(shop, kind="payment")
    assert claim(shop, purpose="ingest")
    assert claim(other)


def test_a_lease_ends_by_itself_and_not_a_moment_earlier(shop):
    claim(shop)
    shop.clock.sleep(LEASE_SECONDS - 0.001)
    assert claim(shop, "worker 2") is None
    shop.clock.sleep(0.001)
    assert claim(shop, "worker 2") is not None


def test_every_write_extends_the_lease(shop):
    lane = claim(shop)
    for _ in range(3):
        shop.clock.sleep(LEASE_SECONDS - 1)
        shop.do(lanes.hold, lane)
    assert claim(shop, "worker 2") is None


def test_a_worker_that_comes_too_late_can_neither_write_nor_release(shop):
    late = claim(shop)
    shop.clock.sleep(LEASE_SECONDS)
    current = claim(shop, "worker 2")
    for touch in (lanes.hold, lanes.release):
        with pytest.raises(Fenced, match="has gone to another worker"):
            shop.do(touch, late)
    shop.do(lanes.hold, current)
    assert claim(shop, "worker 3") is None


def test_a_late_worker_whose_lane_nobody_took_goes_on(shop):
    lane = claim(shop)
    shop.clock.sleep(2 * LEASE_SECONDS)
    shop.do(lanes.hold, lane)
    assert claim(shop, "worker 2") is None


def test_nothing_of_a_fenced_unit_of_work_is_kept(shop):
    late = claim(shop)
    shop.clock.sleep(LEASE_SECONDS)
    claim(shop, "worker 2")

    def fenced(work):
        lanes.claim(work, shop.ledger, "payment", "deliver", owner="worker 1", lease_seconds=LEASE_SECONDS)
        lanes.hold(work, late)

    with pytest.raises(Fenced):
        shop.write(fenced)
    assert claim(shop, kind="payment").fence == 1
