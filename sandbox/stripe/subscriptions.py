"""Subscriptions from their beginning: items, trial, anchor, first invoice."""

from typing import Any

from sandbox.stripe import (
    collection,
    cycles,
    discounts,
    invoice_items,
    invoice_states,
    subscription_billing,
    subscription_items,
    subscription_standing,
    tax_rates,
)
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    count,
    each,
    either,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, new_metadata
from sandbox.stripe.store import Page

DAY_SECONDS = 86_400
INCOMPLETE_SECONDS = 23 * 3600

PAYMENT_BEHAVIOR = one_of("allow_incomplete", "default_incomplete", "error_if_incomplete")
PRORATION = one_of("always_invoice", "create_prorations", "none")
ADDED = each(
    nested(
        {
            "price": text,
            "price_data": nested(invoice_items.PRICE_DATA),
            "quantity": count,
            "tax_rates": each(text),
            "discounts": discounts.GIVEN,
            "metadata": metadata,
        }
    )
)
FIELDS: dict[str, Parser] = {
    "add_invoice_items": ADDED,
    "cancel_at": moment,
    "cancel_at_period_end": boolean,
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "days_until_due": count,
    "default_payment_method": text,
    "default_tax_rates": each(text),
    "description": short_text,
    "discounts": discounts.GIVEN,
    "metadata": metadata,
    "off_session": boolean,
    "payment_behavior": PAYMENT_BEHAVIOR,
    "proration_behavior": PRORATION,
    "trial_end": either("now", moment),
    "trial_settings": nested(
        {"end_behavior*": nested({"missing_payment_method": one_of("cancel", "create_invoice", "pause")})}
    ),
}
CREATE = Form(
    {
        **FIELDS,
        "billing_cycle_anchor": moment,
        "billing_cycle_anchor_config": nested(
            {"day_of_month*": positive, "month": positive, "hour": count, "minute": count, "second": count}
        ),
        "billing_mode": nested({"type*": one_of("classic", "flexible")}),
        "currency": text,
        "customer*": text,
        "items*": each(nested(subscription_items.FIELDS)),
        "trial_period_days": count,
    }
)
LIST = listing(
    {
        "collection_method": text,
        "created": span,
        "current_period_end": span,
        "current_period_start": span,
        "customer": text,
        "price": text,
        "status": one_of(
            *("active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused"),
            *("trialing", "unpaid"),
        ),
        "test_clock": text,
    }
)
LIST_ITEMS = listing({"subscription*": text})

_PLAIN = ("collection_method", "days_until_due", "default_payment_method", "description")


def create(account: Account, params: Params) -> Row:
    store = account.store
    customer = store.named("customer", params["customer"], "customer")
    currency = params.get("currency")
    prices = []
    for at, given in enumerate(params["items"]):
        price = subscription_items.price_given(account, given, f"items[{at}]", currency)
        currency = price["currency"]
        prices.append(price)
    subscription = _new(account, customer, str(currency), params)
    items = [
        subscription_items.new(account, subscription, price, given, f"items[{at}]")
        for at, (price, given) in enumerate(zip(prices, params["items"], strict=True))
    ]
    subscription_items.check_rhythm(account, items)
    subscription["discounts"] = discounts.apply(
        account, params.get("discounts"), customer, str(currency), subscription=subscription.id
    )
    store.add(subscription)
    for item in items:
        store.add(item)
    if customer["currency"] is None:
        account.update(customer, "customer.updated", currency=currency)
    _begin(account, subscription, items, params)
    account.emit("customer.subscription.created", subscription)
    add_items(account, subscription, params)
    _first_invoice(account, subscription, items, params)
    return subscription


def _new(account: Account, customer: Row, currency: str, params: Params) -> Row:
    now = account.now(customer["test_clock"])
    trial_end = _trial_end(now, params)
    anchor, day = _anchor(now, trial_end, params)
    subscription = Row(
        {
            "id": account.store.new_id("subscription"),
            "object": "subscription",
            "billing_cycle_anchor": anchor,
            "billing_cycle_anchor_config": _shown_config(params),
            "created": now,
            "currency": currency,
            "customer": customer.id,
            "metadata": new_metadata(params.get("metadata")),
            "start_date": now,
            "status": "trialing" if trial_end else "incomplete",
            "test_clock": customer["test_clock"],
            "trial_end": trial_end,
            "trial_start": now if trial_end else None,
            "_anchor_day": day,
            **settings(account, params),
        }
    )
    if params.get("billing_mode"):
        subscription["billing_mode"] = {"type": params["billing_mode"]["type"], "flexible": None}
    if subscription["collection_method"] == "send_invoice" and subscription["days_until_due"] is None:
        raise StripeError(
            "Subscriptions with `collection_method` set to `send_invoice` need `days_until_due`.",
            code="parameter_missing",
            param="days_until_due",
        )
    return subscription


def settings(account: Account, params: Params) -> dict[str, Any]:
    """What costs nothing, of a new or an existing subscription."""
    given = {name: params[name] for name in _PLAIN if name in params}
    if params.get("default_payment_method"):
        account.store.named("payment_method", params["default_payment_method"], "default_payment_method")
    if "default_tax_rates" in params:
        rates = params["default_tax_rates"]
        given["default_tax_rates"] = tax_rates.named(account, rates, "default_tax_rates")
    if params.get("trial_settings"):
        behavior = params["trial_settings"]["end_behavior"].get("missing_payment_method") or "create_invoice"
        given["trial_settings"] = {"end_behavior": {"missing_payment_method": behavior}}
    return given


def _trial_end(now: int, params: Params) -> int | None:
    days, end = params.get("trial_period_days"), params.get("trial_end")
    if days is not None and end is not None:
        raise StripeError(
            "You may only specify one of these parameters: trial_end, trial_period_days.", param="trial_end"
        )
    if days:
        return now + int(days) * DAY_SECONDS
    if end in (None, "now"):
        return None
    if end <= now:
        raise StripeError("`trial_end` must be in the future.", param="trial_end")
    return int(end)


def _anchor(now: int, trial_end: int | None, params: Params) -> tuple[int, int | None]:
    """The anchor, and the day of the month that it stands for."""
    config, given = params.get("billing_cycle_anchor_config"), params.get("billing_cycle_anchor")
    if config and given:
        raise StripeError(
            "You may only specify one of these parameters: billing_cycle_anchor, billing_cycle_anchor_config.",
            param="billing_cycle_anchor",
        )
    if config:
        if config["day_of_month"] > 31 or config.get("month", 1) > 12:
            raise StripeError("No such day or month.", param="billing_cycle_anchor_config")
        clock = {name: config[name] for name in ("hour", "minute", "second") if config.get(name) is not None}
        day = config["day_of_month"]
        return cycles.anchor_on(trial_end or now, day, config.get("month"), **clock), day
    if given is not None:
        if given < now:
            raise StripeError("`billing_cycle_anchor` cannot be in the past.", param="billing_cycle_anchor")
        return given, None
    return trial_end or now, None


def _shown_config(params: Params) -> dict[str, Any] | None:
    config = params.get("billing_cycle_anchor_config")
    names = ("day_of_month", "hour", "minute", "month", "second")
    return {name: config.get(name) for name in names} if config else None


def _begin(account: Account, subscription: Row, items: list[Row], params: Params) -> None:
    """The first period: the trial, or up to the first boundary after now."""
    now, trial_end = subscription["created"], subscription["trial_end"]
    if trial_end:
        for item in items:
            subscription_billing.set_period(account, item, now, trial_end)
        subscription_billing.plan(account, subscription, trial_end)
    else:
        subscription_billing.begin_period(account, subscription, items, now)
    apply_cancellation(account, subscription, params)


def apply_cancellation(account: Account, subscription: Row, params: Params) -> None:
    """`cancel_at` or `cancel_at_period_end`; taking either back takes back the cancellation."""
    now = account.now(subscription["test_clock"])
    if params.get("cancel_at_period_end") and params.get("cancel_at"):
        raise StripeError(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
            param="cancel_at",
        )
    details = {"comment": None, "feedback": None, "reason": None}
    if params.get("cancel_at_period_end"):
        items = subscription_standing.items(account, subscription)
        at = min(item["current_period_end"] for item in items)
        account.store.save(
            subscription,
            cancel_at=at,
            cancel_at_period_end=True,
            canceled_at=now,
            cancellation_details={**details, "reason": "cancellation_requested"},
        )
    elif params.get("cancel_at") is not None:
        if params["cancel_at"] <= now:
            raise StripeError("`cancel_at` must be in the future.", param="cancel_at")
        account.store.save(
            subscription,
            cancel_at=params["cancel_at"],
            cancel_at_period_end=False,
            canceled_at=now,
            cancellation_details={**details, "reason": "cancellation_requested"},
        )
        account.agenda.put(subscription["test_clock"], params["cancel_at"], "cancel_subscription", subscription.id)
    elif params.get("cancel_at_period_end") is False or ("cancel_at" in params and params["cancel_at"] is None):
        account.store.save(
            subscription,
            cancel_at=None,
            cancel_at_period_end=False,
            canceled_at=None,
            cancellation_details=details,
        )


def add_items(account: Account, subscription: Row, params: Params) -> None:
    """`add_invoice_items`: what goes on the next invoice, once."""
    for given in params.get("add_invoice_items") or ():
        one = {name: value for name, value in given.items() if name != "price"}
        if given.get("price"):
            one["pricing"] = {"price": given["price"]}
        invoice_items.create(
            account,
            {
                **one,
                "customer": subscription["customer"],
                "currency": subscription["currency"],
                "subscription": subscription.id,
            },
        )


def _first_invoice(account: Account, subscription: Row, items: list[Row], params: Params) -> None:
    now = subscription["created"]
    billed = subscription_billing.licensed(account, items)
    if params.get("proration_behavior") == "none" and subscription["billing_cycle_anchor"] > now:
        billed = [] if not subscription["trial_end"] else billed
    invoice = subscription_billing.bill(account, subscription, "subscription_create", gathered=(now, now), items=billed)
    trial = subscription["trial_end"] is not None
    if invoice is None:
        if not trial:
            subscription_standing.change(account, subscription, status="active")
        return
    if invoice["collection_method"] == "send_invoice":
        if not trial:
            subscription_standing.change(account, subscription, status="active")
        collection.schedule(account, invoice)
        return
    behavior = params.get("payment_behavior") or "allow_incomplete"
    if behavior == "default_incomplete":
        invoice_states.finalize(account, invoice)
    else:
        try:
            collection.settle_now(account, invoice)
        except StripeError:
            if behavior == "error_if_incomplete":
                _undo(account, subscription, items, invoice)
                raise
    if subscription["status"] == "incomplete":
        account.agenda.put(subscription["test_clock"], now + INCOMPLETE_SECONDS, "expire_subscription", subscription.id)


def _undo(account: Account, subscription: Row, items: list[Row], invoice: Row) -> None:
    """error_if_incomplete: no subscription comes of a payment that failed."""
    invoice_states.void(account, {}, invoice.id)
    for item in items:
        account.store.remove(item)
    account.emit("customer.subscription.deleted", subscription)
    account.store.remove(subscription)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("subscription", id_)


def listed(account: Account, params: Params) -> Page:
    """Stripe: the ended ones are only shown when asked for."""
    status, price = params.get("status"), params.get("price")
    ended = subscription_standing.ENDED

    def keep(row: Row) -> bool:
        items = subscription_standing.items(account, row)
        if (status is None and row["status"] in ended) or (status == "ended" and row["status"] not in ended):
            return False
        if price and all(item["_price"] != price for item in items):
            return False
        return all(
            _within(item[name], params.get(name))
            for name in ("current_period_start", "current_period_end")
            for item in items[:1]
        )

    where = {name: params.get(name) for name in ("collection_method", "customer", "test_clock")}
    where["status"] = None if status in ("all", "ended") else status
    return account.store.page("subscription", params, where, keep)


def _within(at: int, bounds: dict[str, int] | None) -> bool:
    tests = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
    return all(tests[name](bound) for name, bound in (bounds or {}).items())


def list_items(account: Account, params: Params) -> Page:
    account.store.get("subscription", params["subscription"], "subscription")
    return account.store.page("subscription_item", params, {"subscription": params["subscription"]})


def retrieve_item(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("subscription_item", id_, "item")
