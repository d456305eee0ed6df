"""Quotes: drawn up, finalised, then accepted, which makes an invoice or a subscription, or canceled."""

from typing import Any

from sandbox.stripe import discounts, quote_acceptance, quote_lines, tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    count,
    each,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    short_text,
    text,
)
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page, paged
from sandbox.stripe.totals import Priced

_FIELDS: dict[str, Parser] = {
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "customer": text,
    "default_tax_rates": each(text),
    "description": short_text,
    "discounts": discounts.GIVEN,
    "expires_at": moment,
    "footer": short_text,
    "header": short_text,
    "invoice_settings": nested({"days_until_due": count}),
    "line_items": each(nested(quote_lines.FIELDS)),
    "metadata": metadata,
    "subscription_data": nested({"description": short_text, "metadata": metadata, "trial_period_days": count}),
}
CREATE = Form({**_FIELDS, "test_clock": text})
UPDATE = Form(_FIELDS)
FINALIZE = Form({"expires_at": moment})
LIST = listing(
    {
        "customer": text,
        "status": one_of("accepted", "canceled", "draft", "open"),
        "test_clock": text,
    }
)
LIST_LINES = listing({})

EXPIRES_AFTER_SECONDS = 30 * 86_400
_PLAIN = ("collection_method", "description", "expires_at", "footer", "header")


def create(account: Account, params: Params) -> Row:
    store = account.store
    customer = store.named("customer", params["customer"], "customer") if params.get("customer") else None
    clock = params.get("test_clock") or (customer["test_clock"] if customer else None)
    if clock:
        store.named("test_helpers.test_clock", clock, "test_clock")
    now = account.now(clock)
    quote = Row(
        {
            "id": store.new_id("quote"),
            "object": "quote",
            "created": now,
            "customer": customer.id if customer else None,
            "expires_at": now + EXPIRES_AFTER_SECONDS,
            "metadata": new_metadata(params.get("metadata")),
            "test_clock": clock,
            "_lines": [],
        }
    )
    changes = _changes(account, quote, params)
    store.add(quote)
    store.save(quote, **changes)
    _compute(account, quote)
    account.emit("quote.created", quote)
    return quote


def update(account: Account, params: Params, id_: str) -> Row:
    quote = retrieve(account, params, id_)
    if quote["status"] != "draft" and set(params) - {"metadata"}:
        raise StripeError(f"Only draft quotes can be changed; this one is {quote['status']}.")
    changes = _changes(account, quote, params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(quote, params["metadata"])
    if "customer" in params:
        changes["customer"] = account.store.named("customer", params["customer"] or "", "customer").id
    account.store.save(quote, **changes)
    if quote["status"] == "draft":
        _compute(account, quote)
    return quote


def _changes(account: Account, quote: Row, params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {name: params[name] for name in _PLAIN if params.get(name) is not None}
    if "default_tax_rates" in params:
        rates = params["default_tax_rates"]
        changes["default_tax_rates"] = tax_rates.named(account, rates, "default_tax_rates")
    if params.get("invoice_settings"):
        changes["invoice_settings"] = {**quote["invoice_settings"], **params["invoice_settings"]}
    if params.get("subscription_data"):
        changes["subscription_data"] = {**quote["subscription_data"], **params["subscription_data"]}
    if params.get("line_items"):
        lines = quote_lines.draw_up(account, quote, params["line_items"])
        changes |= {"_lines": [line.id for line in lines], "currency": lines[0]["currency"]}
    if "discounts" in params:
        owner = account.store.find("customer", quote["customer"] or "")
        currency = changes.get("currency") or quote["currency"] or "eur"
        changes["discounts"] = discounts.apply(account, params["discounts"], owner, currency)
    return changes


def _compute(account: Account, quote: Row) -> None:
    lines = quote_lines.lines(account, quote)
    priced = quote_lines.priced(account, quote, lines)
    prices = [account.store.get("price", line["_price"]) for line in lines]
    later = [one for price, one in zip(prices, priced, strict=True) if price["type"] == "recurring"]
    sums = _sums(priced)
    computed: dict[str, Any] = {"recurring": None, "upfront": sums}
    if later:
        rhythm = next(price["recurring"] for price in prices if price["type"] == "recurring")
        computed["recurring"] = {
            **_sums(later),
            "interval": rhythm["interval"],
            "interval_count": rhythm["interval_count"],
        }
    account.store.save(quote, computed=computed, **sums)


def _sums(priced: list[Priced]) -> dict[str, Any]:
    taxes = sum(tax.amount for one in priced for tax in one.taxes)
    return {
        "amount_subtotal": sum(one.billed.amount for one in priced),
        "amount_total": sum(one.total for one in priced),
        "total_details": {
            "amount_discount": sum(amount for one in priced for _, amount in one.discounts),
            "amount_shipping": 0,
            "amount_tax": taxes,
        },
    }


def finalize(account: Account, params: Params, id_: str) -> Row:
    quote = retrieve(account, params, id_)
    if quote["status"] != "draft":
        raise StripeError(f"Only draft quotes can be finalized; this one is {quote['status']}.")
    if not quote["_lines"] or quote["customer"] is None:
        raise StripeError("A quote needs a customer and line items before it can be finalized.")
    now = account.now(quote["test_clock"])
    customer = account.store.named("customer", quote["customer"], "customer")
    account.store.save(
        quote,
        status="open",
        number=_next_number(account, customer),
        expires_at=params.get("expires_at") or quote["expires_at"],
        status_transitions={**quote["status_transitions"], "finalized_at": now},
    )
    account.agenda.put(quote["test_clock"], quote["expires_at"], "quote_expires", quote.id)
    account.emit("quote.finalized", quote)
    return quote


def _next_number(account: Account, customer: Row) -> str:
    earlier = account.store.where("quote", "customer", customer.id)
    count_ = sum(1 for quote in earlier if quote["number"] is not None)
    return f"QT-{customer['invoice_prefix']}-{count_ + 1:04}-1"


def accept(account: Account, params: Params, id_: str) -> Row:
    quote = retrieve(account, params, id_)
    if quote["status"] != "open":
        raise StripeError(f"Only open quotes can be accepted; this one is {quote['status']}.")
    now = account.now(quote["test_clock"])
    account.store.save(quote, status="accepted", status_transitions={**quote["status_transitions"], "accepted_at": now})
    quote_acceptance.carry_out(account, quote)
    account.emit("quote.accepted", quote)
    return quote


def cancel(account: Account, params: Params, id_: str) -> Row:
    quote = retrieve(account, params, id_)
    if quote["status"] not in ("draft", "open"):
        raise StripeError(f"Only draft and open quotes can be canceled; this one is {quote['status']}.")
    now = account.now(quote["test_clock"])
    account.store.save(quote, status="canceled", status_transitions={**quote["status_transitions"], "canceled_at": now})
    account.emit("quote.canceled", quote)
    return quote


def expire(account: Account, quote: Row) -> None:
    if quote["status"] == "open":
        cancel(account, {}, quote.id)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("quote", id_)


def listed(account: Account, params: Params) -> Page:
    where = {name: params.get(name) for name in ("customer", "status", "test_clock")}
    return account.store.page("quote", params, where)


def list_lines(account: Account, params: Params, id_: str) -> Page:
    quote = retrieve(account, params, id_)
    return paged(quote_lines.lines(account, quote), params, "item")
