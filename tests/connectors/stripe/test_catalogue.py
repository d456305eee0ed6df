from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.stripe.translate import catalogue
from core.entities import Coupon, Price, PromotionCode, Subscription, SubscriptionItem, Tier
from core.reasons import Problem, ReasonCode
from tests.connectors.stripe.rows import COUPON, SUBSCRIPTION, TIERED_PRICE


def code(read):
    assert isinstance(read, Problem), read
    return read.reason.code


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def test_a_tiered_and_metered_price_keeps_every_tier_exactly():
    assert catalogue.price(TIERED_PRICE) == Price(
        product="prod_1",
        currency="EUR",
        unit_amount=None,
        tax_behavior="unspecified",
        interval="month",
        interval_count=1,
        metered=True,
        tiers_mode="graduated",
        tiers=(Tier(Decimal(10), Decimal(0), Decimal(5)), Tier(None, Decimal("0.0025"), Decimal(0))),
    )


def test_tiers_that_were_not_told_are_missed():
    row = {name: value for name, value in TIERED_PRICE.items() if name != "tiers"}
    assert code(catalogue.price(row)) is ReasonCode.UNREADABLE_ROW


def test_a_package_tells_how_many_units_are_sold_together():
    row = {
        **TIERED_PRICE,
        "tiers_mode": None,
        "unit_amount_decimal": "900",
        "recurring": None,
        "transform_quantity": {"divide_by": 100, "round": "up"},
    }
    read = catalogue.price(row)
    assert (read.package_size, read.unit_amount, read.metered, read.tiers) == (100, Decimal(9), False, ())


def test_a_coupon_takes_an_amount_or_a_percentage_off():
    assert catalogue.coupon(COUPON) == Coupon(
        name="SPRING",
        percent_off=None,
        currency="EUR",
        amount_off_minor=500,
        duration="repeating",
        duration_months=3,
        active=True,
    )
    percent = {
        **COUPON,
        "name": "Spring",
        "percent_off": Decimal("12.5"),
        "amount_off": None,
        "currency": None,
        "duration": "once",
        "duration_in_months": None,
        "valid": False,
    }
    assert catalogue.coupon(percent) == Coupon("Spring", Decimal("12.5"), "", 0, "once", 0, active=False)


@pytest.mark.parametrize("changes", [{"percent_off": 5}, {"amount_off": None}, {"duration": None}, {"currency": None}])
def test_a_coupon_that_takes_off_two_things_or_none_is_unreadable(changes):
    assert code(catalogue.coupon({**COUPON, **changes})) is ReasonCode.UNREADABLE_ROW


@pytest.mark.parametrize("coupon", ["SPRING", {"id": "SPRING", "object": "coupon"}])
def test_a_promotion_code_leads_to_its_coupon(coupon):
    row = {"id": "promo_1", "code": "HELLO", "active": False, "promotion": {"type": "coupon", "coupon": coupon}}
    assert catalogue.promotion_code(row) == PromotionCode("SPRING", "HELLO", active=False)


def test_a_promotion_code_without_a_coupon_is_unreadable():
    row = {"id": "promo_1", "code": "HELLO", "promotion": {"type": "coupon", "coupon": None}}
    assert code(catalogue.promotion_code(row)) is ReasonCode.UNREADABLE_ROW


def test_a_subscription_has_a_period_for_each_item_and_ends_with_the_last():
    assert catalogue.subscription(SUBSCRIPTION) == Subscription(
        customer="cus_1",
        status="trialing",
        currency="EUR",
        started_at=at(1768460400),
        trial_ends_at=at(1769670000),
        cancels_at=at(1769670001),
        ended_at=None,
        items=(
            SubscriptionItem("price_1", Decimal(3), at(1768460400), at(1769670000)),
            SubscriptionItem("price_2", None, at(1768460400), at(1769670001)),
        ),
    )


def test_a_subscription_ends_when_it_was_told_to():
    told = {**SUBSCRIPTION, "cancel_at": 1800000000}
    assert catalogue.subscription(told).cancels_at == at(1800000000)
    assert catalogue.subscription({**SUBSCRIPTION, "cancel_at_period_end": False}).cancels_at is None


@pytest.mark.parametrize(
    "changes", [{"start_date": None}, {"items": {"has_more": True, "data": []}}, {"customer": None}, {"status": None}]
)
def test_a_subscription_that_leaves_a_question_is_unreadable(changes):
    assert code(catalogue.subscription({**SUBSCRIPTION, **changes})) is ReasonCode.UNREADABLE_ROW
