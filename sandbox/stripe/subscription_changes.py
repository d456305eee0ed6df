"""Changes of a running subscription, and what they cost: prorations.

What is left of the period is credited at what was charged for it, and charged anew at the new price, to the
second. The two become pending invoice items, for the next invoice or for one at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.stripe import (
    collection,
    discounts,
    subscription_billing,
    subscription_items,
    subscription_lines,
    subscription_standing,
    subscriptions,
)
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.invoice_items import priced
from sandbox.stripe.money import rounded, smallest_step
from sandbox.stripe.params import Form, Params, each, moment, nested, one_of, text
from sandbox.stripe.pricing import cost
from sandbox.stripe.rows import Row, merged_metadata

UPDATE = Form(
    {
        **subscriptions.FIELDS,
        "billing_cycle_anchor": nested({"type*": one_of("now", "unchanged")}),
        "cancellation_details": nested({"comment": text, "feedback": text}),
        "items": each(nested(subscription_items.CHANGED_FIELDS)),
        "pause_collection": nested(
            {"behavior*": one_of("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": moment}
        ),
        "proration_date": moment,
    }
)
_ON_ITEM = {
    "payment_behavior": subscriptions.PAYMENT_BEHAVIOR,
    "proration_behavior": subscriptions.PRORATION,
    "proration_date": moment,
}
CREATE_ITEM = Form({**subscription_items.FIELDS, **_ON_ITEM, "subscription*": text})
UPDATE_ITEM = Form({**subscription_items.FIELDS, **_ON_ITEM})
DELETE_ITEM = Form(_ON_ITEM)


@dataclass(frozen=True, slots=True)
class _Change:
    """Of one item: None for what was not there before, or is not there any more."""

    before: Row | None
    after: Row | None

    @property
    def costs(self) -> bool:
        if self.before is None or self.after is None:
            return True
        return (self.before["_price"], self.before["quantity"]) != (
            self.after["_price"],
            self.after["quantity"],
        )

    @property
    def quantity_changes(self) -> bool:
        return self.before is not None and self.after is not None and self.before["quantity"] != self.after["quantity"]


def update(account: Account, params: Params, id_: str) -> Row:
    subscription = account.store.get("subscription", id_)
    if subscription["status"] in subscription_standing.ENDED and set(params) - {"metadata"}:
        raise StripeError("A canceled subscription can only update its metadata.")
    before = account.show(subscription)
    changes = _changed_items(account, subscription, params.get("items") or ())
    at = _proration_date(account, subscription, params)
    behavior = params.get("proration_behavior") or "create_prorations"
    restarts = _restarts(account, subscription, changes, params)
    _set_plain(account, subscription, params)
    if behavior != "none" and subscription["status"] != "trialing":
        for change in changes:
            if change.costs or restarts:
                _prorate(account, subscription, change, at, charge=not restarts)
    if any(change.quantity_changes for change in changes):
        account.pacing.subscription_changes_quantity(id_, account.now())
    for change in changes:
        _carry_out(account, change)
    trial_over = _set_trial(account, subscription, params)
    subscriptions.apply_cancellation(account, subscription, params)
    subscriptions.add_items(account, subscription, params)
    items = subscription_standing.items(account, subscription)
    if restarts or trial_over:
        _restart(account, subscription, items)
    account.emit_changes(subscription, "customer.subscription.updated", before)
    if restarts or trial_over or (behavior == "always_invoice" and changes):
        _invoice_now(account, subscription, items if restarts or trial_over else [], params)
    return subscription


def _set_plain(account: Account, subscription: Row, params: Params) -> None:
    changes: dict[str, Any] = subscriptions.settings(account, params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(subscription, params["metadata"])
    if params.get("cancellation_details"):
        details = subscription["cancellation_details"]
        changes["cancellation_details"] = {**details, **params["cancellation_details"]}
    if "discounts" in params:
        owner = account.store.find("customer", subscription["customer"])
        changes["discounts"] = discounts.apply(
            account, params["discounts"], owner, subscription["currency"], subscription=subscription.id
        )
    if "pause_collection" in params:
        pause = params["pause_collection"]
        changes["pause_collection"] = pause and {"resumes_at": None, **pause}
        if pause and pause.get("resumes_at"):
            account.agenda.put(subscription["test_clock"], pause["resumes_at"], "resume_collection", subscription.id)
    account.store.save(subscription, **changes)


def resume_collection(account: Account, subscription: Row) -> None:
    pause = subscription["pause_collection"]
    due = pause and pause["resumes_at"] is not None
    if due and pause["resumes_at"] <= account.now(subscription["test_clock"]):
        subscription_standing.change(account, subscription, pause_collection=None)


def _changed_items(account: Account, subscription: Row, given: Any) -> list[_Change]:
    items = {item.id: item for item in subscription_standing.items(account, subscription)}
    changes = []
    for at, one in enumerate(given):
        param = f"items[{at}]"
        if not one.get("id"):
            price = subscription_items.price_given(account, one, param, subscription["currency"])
            changes.append(_Change(None, subscription_items.new(account, subscription, price, one, param)))
            continue
        item = items.pop(one["id"], None)
        if item is None:
            raise StripeError(
                f"Invalid subscription item: '{one['id']}'", code="resource_missing", param=f"{param}[id]"
            )
        if one.get("deleted"):
            changes.append(_Change(item, None))
        else:
            wanted = subscription_items.changes(account, item, one, param)
            changes.append(_Change(item, Row({**item, **wanted})))
    after = [change.after for change in changes if change.after is not None] + list(items.values())
    if not after:
        raise StripeError("A subscription must have at least one item.", param="items")
    subscription_items.check_rhythm(account, after)
    return changes + [_Change(item, item) for item in items.values()] if changes else []


def _proration_date(account: Account, subscription: Row, params: Params) -> int:
    now = account.now(subscription["test_clock"])
    given: int | None = params.get("proration_date")
    if given is None:
        return now
    item = subscription_standing.items(account, subscription)[0]
    if not item["current_period_start"] <= given <= item["current_period_end"]:
        raise StripeError("`proration_date` must be within the current billing period.", param="proration_date")
    return int(given)


def _restarts(account: Account, subscription: Row, changes: list[_Change], params: Params) -> bool:
    """A new rhythm, or the wish for it, begins a new period now."""
    if (params.get("billing_cycle_anchor") or {}).get("type") == "now":
        return True
    if subscription["status"] == "trialing":
        return False
    for change in changes:
        if change.before is not None and change.after is not None:
            old, new = (account.store.get("price", row["_price"])["recurring"] for row in (change.before, change.after))
            if (old["interval"], old["interval_count"]) != (new["interval"], new["interval_count"]):
                return True
    return False


def _prorate(account: Account, subscription: Row, change: _Change, at: int, *, charge: bool) -> None:
    if change.before is not None:
        credit(account, subscription, change.before, at)
    if change.after is not None and charge:
        _charge(account, subscription, change, at)


def credit(account: Account, subscription: Row, item: Row, at: int) -> None:
    """The unused part of what was charged for the current period."""
    billed = item["_billed"]
    if not billed or at >= billed["end"]:
        return
    charged = _charged(account, billed)
    unused = Decimal(billed["end"] - at) / Decimal(billed["end"] - billed["start"])
    amount = -rounded(charged * unused, smallest_step(subscription["currency"]))
    period = {"start": at, "end": billed["end"]}
    _pending(
        account,
        subscription,
        item,
        amount=amount,
        period=period,
        words="Unused time on",
        line=billed.get("line"),
    )


def _charged(account: Account, billed: dict[str, Any]) -> int:
    """What was taken for it in the end, discounts off."""
    if billed.get("line"):
        line = account.store.get("line_item", billed["line"])
        return int(line["amount"] - sum(one["amount"] for one in line["discount_amounts"]))
    return int(billed["amount"])


def _charge(account: Account, subscription: Row, change: _Change, at: int) -> None:
    item = change.after
    if item is None:
        return
    price = subscription_lines.price_of(account, item)
    if subscription_lines.is_metered(price):
        return
    rhythm = subscription_lines.rhythm(subscription, price)
    end = change.before["current_period_end"] if change.before is not None else _period_end(account, subscription)
    left = Decimal(end - at) / Decimal(end - rhythm.last_before(end))
    step = smallest_step(subscription["currency"])
    full = cost(price, Decimal(item["quantity"]), step)
    kept = subscription_items.percent_left(
        account,
        discounts.lasting(account, [*item["discounts"], *subscription["discounts"]], at),
    )
    amount = rounded(full * left * kept, step)
    period = {"start": at, "end": end}
    _pending(account, subscription, item, amount=amount, period=period, words="Remaining time on")
    item["_billed"] = {"amount": amount, "start": at, "end": end}


def _period_end(account: Account, subscription: Row) -> int:
    return min(int(item["current_period_end"]) for item in subscription_standing.items(account, subscription))


def _pending(
    account: Account,
    subscription: Row,
    item: Row,
    *,
    amount: int,
    period: dict[str, int],
    words: str,
    line: str | None = None,
) -> None:
    """A proration as an invoice item; `line` is the invoice line that it credits."""
    price = subscription_lines.price_of(account, item)
    name = account.store.get("product", price["product"])["name"]
    credited = None
    if line is not None:
        details = {"invoice": account.store.get("line_item", line)["invoice"], "invoice_line_items": [line]}
        credited = {"type": "invoice_line_items", "invoice_item": None, "invoice_line_item_details": details}
    unit = price["unit_amount_decimal"]
    quantity = item["quantity"] or 0
    day = datetime.fromtimestamp(period["start"], UTC).strftime("%d %b %Y")
    account.add(
        Row(
            {
                "id": account.store.new_id("invoiceitem"),
                "object": "invoiceitem",
                "amount": amount,
                "currency": subscription["currency"],
                "customer": subscription["customer"],
                "date": account.now(subscription["test_clock"]),
                "description": f"{words} {quantity} x {name} after {day}",
                "discountable": False,
                "net_amount": amount,
                "parent": {
                    "type": "subscription_details",
                    "subscription_details": {
                        "subscription": subscription.id,
                        "subscription_item": item.id,
                    },
                },
                "period": period,
                "pricing": priced(None if unit is None else Decimal(unit), price),
                "proration": True,
                "proration_details": {"credited_items": credited, "discount_amounts": []} if credited else None,
                "quantity": quantity,
                "quantity_decimal": str(quantity),
                "tax_rates": item["tax_rates"] or subscription["default_tax_rates"],
                "test_clock": subscription["test_clock"],
            }
        ),
        "invoiceitem.created",
    )


def _carry_out(account: Account, change: _Change) -> None:
    if change.before is None and change.after is not None:
        siblings = account.store.where("subscription_item", "subscription", change.after["subscription"])
        first = next(siblings)
        change.after["current_period_start"] = first["current_period_start"]
        change.after["current_period_end"] = first["current_period_end"]
        account.store.add(change.after)
    elif change.before is not None and change.after is None:
        account.store.remove(change.before)
    elif change.before is not None and change.after is not None and change.after is not change.before:
        account.store.save(change.before, **change.after)


def _set_trial(account: Account, subscription: Row, params: Params) -> bool:
    """Whether a trial ends with this change."""
    end, now = params.get("trial_end"), account.now(subscription["test_clock"])
    if end == "now":
        if subscription["status"] != "trialing":
            return False
        account.store.save(subscription, status="active", trial_end=now)
        return True
    if end is not None:
        if end <= now:
            raise StripeError("`trial_end` must be in the future.", param="trial_end")
        items = subscription_standing.items(account, subscription)
        if subscription["status"] != "trialing":
            for item in items:
                credit(account, subscription, item, now)
        account.store.save(
            subscription,
            status="trialing",
            trial_start=subscription["trial_start"] or now,
            trial_end=end,
            billing_cycle_anchor=end,
        )
        for item in items:
            account.store.save(item, _billed=None)
            subscription_billing.set_period(account, item, item["current_period_start"], end)
        subscription_billing.plan(account, subscription, end)
    return False


def _restart(account: Account, subscription: Row, items: list[Row]) -> None:
    now = account.now(subscription["test_clock"])
    account.store.save(subscription, billing_cycle_anchor=now, _anchor_day=None)
    subscription_billing.begin_period(account, subscription, items, now)


def _invoice_now(account: Account, subscription: Row, items: list[Row], params: Params) -> None:
    """With the items' new periods, where they have begun, and what is pending."""
    now = account.now(subscription["test_clock"])
    invoice = subscription_billing.bill(
        account,
        subscription,
        "subscription_update",
        gathered=(now, now),
        items=subscription_billing.licensed(account, items),
    )
    if invoice is None:
        return
    if params.get("payment_behavior") == "error_if_incomplete":
        collection.settle_now(account, invoice)
    else:
        collection.settle_quietly(account, invoice)


def create_item(account: Account, params: Params) -> Row:
    subscription = account.store.named("subscription", params["subscription"], "subscription")
    wanted, rest = _split(params)
    known = {item.id for item in subscription_standing.items(account, subscription)}
    update(account, {"items": [wanted], **rest}, subscription.id)
    items = subscription_standing.items(account, subscription)
    return next(item for item in items if item.id not in known)


def update_item(account: Account, params: Params, id_: str) -> Row:
    item = subscriptions.retrieve_item(account, params, id_)
    wanted, rest = _split(params)
    update(account, {"items": [{**wanted, "id": id_}], **rest}, item["subscription"])
    return item


def delete_item(account: Account, params: Params, id_: str) -> Row:
    item = subscriptions.retrieve_item(account, params, id_)
    update(account, {"items": [{"id": id_, "deleted": True}], **params}, item["subscription"])
    return Row({"id": id_, "object": "subscription_item", "deleted": True})


def _split(params: Params) -> tuple[Params, Params]:
    """What is of the item, and what is of the change."""
    rest = {name: params[name] for name in _ON_ITEM if name in params}
    return {name: params[name] for name in subscription_items.FIELDS if name in params}, rest
