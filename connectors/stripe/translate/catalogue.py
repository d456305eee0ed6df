"""Who buys, what is sold, at which price, and what comes off it."""

from datetime import datetime
from decimal import Decimal

from connectors.contract import Row
from connectors.rows import Unreadable, decimal, flag, needed_text, part, parts, text, unix_moment, whole
from connectors.stripe.translate.reading import currency_of, major, minor, needed_reference, reader
from core.entities import (
    Address,
    Coupon,
    Customer,
    Price,
    Product,
    PromotionCode,
    Subscription,
    SubscriptionItem,
    TaxRate,
    Tier,
)


@reader
def customer(row: Row) -> Customer:
    address = part(row, "address")
    return Customer(
        name=text(row, "name") or text(row, "business_name") or text(row, "individual_name"),
        email=text(row, "email"),
        phone=text(row, "phone"),
        address=Address(
            line1=text(address, "line1"),
            line2=text(address, "line2"),
            city=text(address, "city"),
            region=text(address, "state"),
            postal_code=text(address, "postal_code"),
            country=text(address, "country"),
        ),
        tax_exempt=text(row, "tax_exempt") or "none",
        description=text(row, "description"),
    )


@reader
def product(row: Row) -> Product:
    return Product(
        name=needed_text(row, "name"),
        description=text(row, "description"),
        active=flag(row, "active", absent=True),
    )


@reader
def tax_rate(row: Row) -> TaxRate:
    percentage = decimal(row, "percentage")
    if percentage is None:
        raise Unreadable("percentage is missing")
    return TaxRate(
        name=needed_text(row, "display_name"),
        percentage=percentage,
        inclusive=flag(row, "inclusive", absent=False),
        country=text(row, "country"),
        region=text(row, "state"),
        tax_type=text(row, "tax_type"),
        active=flag(row, "active", absent=True),
    )


# --- coupon, promotion code ------------------------------------------------------------------------------------------


@reader
def coupon(row: Row) -> Coupon:
    percent = decimal(row, "percent_off")
    is_amount = row.get("amount_off") is not None
    if (percent is None) != is_amount:
        raise Unreadable("one of percent_off and amount_off has to be there")
    currency = currency_of(row) if is_amount else ""
    return Coupon(
        # Stripe: a coupon without a name is called by its id
        name=text(row, "name") or needed_text(row, "id"),
        percent_off=percent,
        currency=currency,
        amount_off_minor=minor(row, "amount_off", currency) if is_amount else 0,
        duration=needed_text(row, "duration"),
        duration_months=whole(row, "duration_in_months") if row.get("duration_in_months") is not None else 0,
        active=flag(row, "valid", absent=True),
    )


@reader
def promotion_code(row: Row) -> PromotionCode:
    return PromotionCode(
        coupon=needed_reference(part(row, "promotion"), "coupon"),
        code=needed_text(row, "code"),
        active=flag(row, "active", absent=True),
    )


# --- price -----------------------------------------------------------------------------------------------------------


@reader
def price(row: Row) -> Price:
    currency = currency_of(row)
    recurring, package = part(row, "recurring"), part(row, "transform_quantity")
    tiers_mode = text(row, "tiers_mode")
    return Price(
        product=needed_reference(row, "product"),
        currency=currency,
        unit_amount=major(row, "unit_amount", currency),
        tax_behavior=text(row, "tax_behavior") or "unspecified",
        interval=text(recurring, "interval"),
        interval_count=whole(recurring, "interval_count") if recurring else 0,
        nickname=text(row, "nickname"),
        active=flag(row, "active", absent=True),
        metered=text(recurring, "usage_type") == "metered",
        package_size=whole(package, "divide_by") if package else 0,
        tiers_mode=tiers_mode,
        tiers=_tiers(row, currency) if tiers_mode else (),
    )


def _tiers(row: Row, currency: str) -> tuple[Tier, ...]:
    """Stripe: tiers are told only where they are asked for."""
    tiers = tuple(_tier(tier, currency) for tier in parts(row, "tiers"))
    if not tiers:
        raise Unreadable("tiers are missing")
    return tiers


def _tier(row: Row, currency: str) -> Tier:
    return Tier(
        up_to=decimal(row, "up_to"),
        unit_amount=major(row, "unit_amount", currency) or Decimal(0),
        flat_amount=major(row, "flat_amount", currency) or Decimal(0),
    )


# --- subscription ----------------------------------------------------------------------------------------------------


@reader
def subscription(row: Row) -> Subscription:
    started_at = unix_moment(row, "start_date")
    if started_at is None:
        raise Unreadable("start_date is missing")
    items = part(row, "items")
    if flag(items, "has_more", absent=False):
        raise Unreadable("items are not all there")
    read = tuple(_subscription_item(item) for item in parts(items, "data"))
    return Subscription(
        customer=needed_reference(row, "customer"),
        status=needed_text(row, "status"),
        currency=currency_of(row),
        started_at=started_at,
        trial_ends_at=unix_moment(row, "trial_end"),
        cancels_at=_cancels_at(row, read),
        ended_at=unix_moment(row, "ended_at"),
        items=read,
    )


def _subscription_item(row: Row) -> SubscriptionItem:
    return SubscriptionItem(
        price=needed_reference(row, "price"),
        quantity=decimal(row, "quantity"),
        period_from=unix_moment(row, "current_period_start"),
        period_until=unix_moment(row, "current_period_end"),
    )


def _cancels_at(row: Row, items: tuple[SubscriptionItem, ...]) -> datetime | None:
    """Stripe: the end of the period is told as a flag, and not always as a moment too."""
    if flag(row, "cancel_at_period_end", absent=False) and row.get("cancel_at") is None:
        return max((item.period_until for item in items if item.period_until), default=None)
    return unix_moment(row, "cancel_at")
