"""Payouts: by hand out of what is available, or automatic with all that has become available since the last.

Only automatic ones have components: `balance_transactions?payout=` lists them, and their net is the payout.
"""

from datetime import UTC, date, datetime
from typing import Any

from sandbox.stripe import balance
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import check_currency
from sandbox.stripe.params import (
    Form,
    Params,
    listing,
    metadata,
    one_of,
    positive,
    short_text,
    span,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

CREATE = Form(
    {
        "amount*": positive,
        "currency*": text,
        "description": short_text,
        "metadata": metadata,
        "method": one_of("instant", "standard"),
        "source_type": one_of("card"),
        "statement_descriptor": text,
    }
)
UPDATE = Form({"metadata": metadata})
LIST = listing({"arrival_date": span, "created": span, "destination": text, "status": text})

ARRIVAL_DAYS = 2
SATURDAY = 5
IN_HUNDREDS = frozenset({"huf", "twd"})
DAY_SECONDS = 86_400
_ROWS_OF_PAYOUTS = ("payout", "payout_cancel", "payout_failure")


def create(account: Account, params: Params) -> Row:
    currency = check_currency(params["currency"])
    if account.settings.hundreds_in_payouts and currency in IN_HUNDREDS and params["amount"] % 100:
        raise StripeError(f"A payout in {currency} must be divisible by 100.", param="amount")
    available = {one["currency"]: one["amount"] for one in balance.balance(account)["available"]}
    if params["amount"] > available.get(currency, 0):
        raise StripeError(
            f"You have insufficient funds in your Stripe account for this payout: "
            f"{available.get(currency, 0)} {currency} are available.",
            code="balance_insufficient",
            param="amount",
        )
    shown = {name: params[name] for name in ("description", "method", "statement_descriptor") if params.get(name)}
    fields = {"metadata": new_metadata(params.get("metadata")), **shown}
    return _send(account, params["amount"], currency, fields)


def pay_out_available(account: Account, currency: str) -> Row | None:
    """The automatic payout of all that is available and not in one yet; None where that is nothing."""
    components = [
        moved
        for moved in account.store.where("balance_transaction", "_payout", None)
        if moved["currency"] == currency and moved["status"] == "available"
    ]
    by_hand = [one for one in components if one["type"] in _ROWS_OF_PAYOUTS and not one["_of_automatic"]]
    if sum(one["net"] for one in by_hand):
        raise StripeError(
            "An automatic payout cannot be broken down while manual payouts have been made from its balance."
        )
    components = [one for one in components if all(one is not other for other in by_hand)]
    amount = sum(moved["net"] for moved in components)
    if amount <= 0:
        return None
    fields = {
        "automatic": True,
        "description": "STRIPE PAYOUT",
        "reconciliation_status": "in_progress",
        "status": "in_transit",
    }
    payout = _send(account, amount, currency, fields)
    for moved in components:
        account.store.save(moved, _payout=payout.id)
    own = account.store.get("balance_transaction", payout["balance_transaction"])
    account.store.save(own, _payout=payout.id)
    return payout


def _send(account: Account, amount: int, currency: str, fields: dict[str, Any]) -> Row:
    now = account.latest()
    arrival = (now // DAY_SECONDS + ARRIVAL_DAYS) * DAY_SECONDS
    payout = Row(
        {
            "id": account.store.new_id("payout"),
            "object": "payout",
            "amount": amount,
            "arrival_date": arrival,
            "created": now,
            "currency": currency,
            **fields,
        }
    )
    moved = _move(account, payout, -amount, "payout")
    payout["balance_transaction"] = moved.id
    account.add(payout, "payout.created")
    account.agenda.put(BUSINESS_DAY, arrival, "payout_arrives", payout.id)
    return payout


def _move(account: Account, payout: Row, amount: int, type_: str) -> Row:
    moved = balance.record(
        account,
        balance.Settled(amount, payout["currency"], None),
        type_,
        "payout_reversal" if type_ != "payout" else "payout",
        source=payout,
        created=account.latest(),
        description=payout["description"],
        at_once=True,
    )
    return account.store.save(moved, _of_automatic=payout["automatic"])


def arrive(account: Account, payout: Row) -> Row:
    """The money is on the bank account."""
    if payout["status"] not in ("pending", "in_transit"):
        raise StripeError(f"A {payout['status']} payout cannot arrive.")
    changes: dict[str, Any] = {
        "status": "paid",
        "_paid_at": account.latest(),
        "trace_id": {"status": "supported", "value": payout.id[-12:]},
    }
    if payout["automatic"]:
        changes["reconciliation_status"] = "completed"
    account.update(payout, "payout.updated", **changes)
    account.emit("payout.paid", payout)
    if payout["automatic"]:
        account.emit("payout.reconciliation_completed", payout)
    return payout


def fail(account: Account, payout: Row) -> Row:
    """The bank sends it back, also after it was thought paid: the money is on the balance again."""
    if payout["status"] not in ("pending", "in_transit", "paid"):
        raise StripeError(f"A {payout['status']} payout cannot fail.")
    days_max = account.settings.payout_fails_within_days
    if payout["status"] == "paid" and _business_days_since(account, payout["_paid_at"]) > days_max:
        raise StripeError("The payout was paid too long ago to fail.")
    moved = _move(account, payout, payout["amount"], "payout_failure")
    account.store.save(
        payout,
        status="failed",
        failure_balance_transaction=moved.id,
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
    )
    account.emit("payout.failed", payout)
    return payout


def _business_days_since(account: Account, at: int) -> int:
    """From Monday to Friday; the day itself does not count."""
    first, last = (datetime.fromtimestamp(moment, UTC).date().toordinal() for moment in (at, account.latest()))
    return sum(date.fromordinal(day).weekday() < SATURDAY for day in range(first + 1, last + 1))


def cancel(account: Account, params: Params, id_: str) -> Row:
    payout = retrieve(account, params, id_)
    if payout["status"] != "pending" or payout["automatic"]:
        raise StripeError("Only manual payouts that are still pending can be canceled.")
    moved = _move(account, payout, payout["amount"], "payout_cancel")
    account.store.save(payout, status="canceled", failure_balance_transaction=moved.id)
    account.emit("payout.canceled", payout)
    return payout


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("payout", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    payout = retrieve(account, params, id_)
    changes = {"metadata": merged_metadata(payout, params["metadata"])} if "metadata" in params else {}
    return account.update(payout, "payout.updated", **changes)


def listed(account: Account, params: Params) -> Page:
    arrival = params.get("arrival_date")

    def keep(row: Row) -> bool:
        at = row["arrival_date"]
        tests = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
        return all(tests[name](bound) for name, bound in (arrival or {}).items())

    where = {"destination": params.get("destination"), "status": params.get("status")}
    return account.store.page("payout", params, where, keep)
