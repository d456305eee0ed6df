"""Test clocks: business time that stands still until it is told to advance.

Stripe: at most two intervals at a step, reckoned by the shortest subscription on the clock.
"""

from sandbox.stripe import automation, subscription_lines, subscription_standing
from sandbox.stripe.account import Account, Asked
from sandbox.stripe.dates import add_interval
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, listing, moment, short_text
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.store import Page

CREATE = Form({"frozen_time*": moment, "name": short_text})
ADVANCE = Form({"frozen_time*": moment})
LIST = listing({})

DELETED_AFTER_SECONDS = 30 * 86_400
INTERVALS_MAX = 2
YEARS_MAX = 2
"""Where the clock has no subscription."""


def create(account: Account, params: Params) -> Row:
    now = account.now()
    clock = Row(
        {
            "id": account.store.new_id("test_helpers.test_clock"),
            "object": "test_helpers.test_clock",
            "created": now,
            "deletes_after": now + DELETED_AFTER_SECONDS,
            "frozen_time": params["frozen_time"],
            "name": params.get("name"),
        }
    )
    return account.add(clock, "test_helpers.test_clock.created")


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("test_helpers.test_clock", id_, "test_clock")


def advance(account: Account, params: Params, id_: str) -> Shown:
    """Answers `advancing`, as Stripe does; all has happened when the clock is next looked at."""
    clock = retrieve(account, params, id_)
    target = params["frozen_time"]
    if target <= clock["frozen_time"]:
        raise StripeError(
            "You cannot advance a test clock backwards: the frozen time must be later than it is now.",
            param="frozen_time",
        )
    if target > (furthest := _furthest(account, clock)):
        raise StripeError(
            f"You cannot advance a test clock by more than two intervals of its shortest subscription, "
            f"which is until {furthest}.",
            param="frozen_time",
        )
    account.store.save(clock, status="advancing", status_details={"advancing": {"target_frozen_time": target}})
    account.emit("test_helpers.test_clock.advancing", clock)
    answer = account.show(clock)
    account.asked = Asked()
    automation.advance(account, clock, target)
    account.store.save(clock, status="ready", status_details={})
    account.emit("test_helpers.test_clock.ready", clock)
    return answer


def _furthest(account: Account, clock: Row) -> int:
    now: int = clock["frozen_time"]
    ends = [
        add_interval(now, recurring["interval"], recurring["interval_count"] * INTERVALS_MAX)
        for subscription in account.store.where("subscription", "test_clock", clock.id)
        if subscription["status"] not in subscription_standing.ENDED
        for item in subscription_standing.items(account, subscription)
        for recurring in (subscription_lines.price_of(account, item)["recurring"],)
    ]
    return min(ends, default=add_interval(now, "year", YEARS_MAX))


def delete(account: Account, params: Params, id_: str) -> Row:
    """Its customers and their subscriptions go with it."""
    clock = retrieve(account, params, id_)
    for subscription in account.store.where("subscription", "test_clock", id_):
        if subscription["status"] not in subscription_standing.ENDED:
            subscription_standing.end(account, subscription, reason="cancellation_requested")
    for customer in account.store.where("customer", "test_clock", id_):
        account.emit("customer.deleted", customer)
        account.store.remove(customer, tombstone=True)
    account.agenda.forget(id_)
    account.emit("test_helpers.test_clock.deleted", clock)
    return account.store.remove(clock)


def listed(account: Account, params: Params) -> Page:
    return account.store.page("test_helpers.test_clock", params)
