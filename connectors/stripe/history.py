"""What there is, in as few calls as Stripe's lists allow, parents before children.

Stripe: a list can bring neighbours along by `expand[]`, but only four names deep, `data` among them. From an invoice
that reaches its customer and its invoice payments, not the money behind these. The money is therefore read from the
list of balance transactions, whose source is the charge, which names its intent; what the intents paid is known from
the invoices by then. A payment that has moved no money yet is not in it: it is read when an event tells of it.

The first import is the documents and whatever they name. What no document names (who has bought nothing, what was
never sold) is read with everything else once a day, and when an event tells of it.
"""

from collections.abc import Callable, Mapping, Sequence

from connectors.contract import Row, Rows, Step
from connectors.rows import needed_text, part, parts, text
from connectors.stripe.composed import (
    INVOICE_PAYMENTS,
    GivenBack,
    charge_row,
    paid_at_the_time_of,
    paid_by_intents,
    payment_row,
)
from connectors.stripe.lists import created, everything, page
from connectors.stripe.news import EVENTS, MOVED, UNHEARD, newest, reached
from connectors.stripe.places import PLACES, Ask, apart, collapsed, expanded, has_more, listed, taken_out
from connectors.stripe.translate.reading import reference
from core.kinds import Kind

_KEPT_MAX = 5000
"""Of how many intents it is remembered what they paid. It stands in the cursor, and so is written with each page; what
older ones paid is asked for beside the balance transactions."""

_BESIDE_INVOICE = (
    "customer",
    "payments",
    "parent.subscription_details.subscription",
    "discounts.source.coupon",
    "discounts.promotion_code",
)

_Step = Callable[[Ask, Row], tuple[Rows, Row, bool]]
"""(a way to ask, where in the list) to (rows, where to go on, whether there are more)."""


def _all_of(kind: Kind, *beside: str) -> _Step:
    def step(ask: Ask, place: Row) -> tuple[Rows, Row, bool]:
        rows, answer = listed(ask, kind, place.get("after", ""), beside)
        return rows, {"after": answer.last}, answer.more

    return step


def _invoices(ask: Ask, place: Row) -> tuple[Rows, Row, bool]:
    expand = expanded(_BESIDE_INVOICE, "data.")
    answer = page(ask, PLACES[Kind.INVOICE].path, expand, place.get("after", ""))
    paid: dict[str, list[Row]] = place.get("paid", {})
    forgotten = bool(place.get("forgotten"))
    for invoice in answer.rows:
        for intent, kept in paid_by_intents(_invoice_payments(ask, invoice)).items():
            if intent in paid or len(paid) < _KEPT_MAX:
                paid.setdefault(intent, []).extend(kept)
            else:
                forgotten = True
    subscriptions, long = _subscriptions(ask, answer.rows, place.get("long", ()))
    rows = {**subscriptions, **_discounts(answer.rows), **apart(ask, Kind.INVOICE, answer.rows)}
    return rows, {"after": answer.last, "paid": paid, "forgotten": forgotten, "long": long}, answer.more


def _subscriptions(ask: Ask, invoices: Sequence[Row], long: Sequence[str]) -> tuple[Rows, Sequence[str]]:
    """Taken out of their invoices, and which have more items than are shown: one call reads these, but not for each of
    the invoices that name them.
    """
    named = {}
    for invoice in invoices:
        details = part(part(invoice, "parent"), "subscription_details")
        if (one := collapsed(details, "subscription")) and one["id"] not in long:
            named[one["id"]] = one
    longer = [ident for ident, one in named.items() if has_more(Kind.SUBSCRIPTION, one)]
    return apart(ask, Kind.SUBSCRIPTION, list(named.values())), [*long, *longer]


def _discounts(invoices: Sequence[Row]) -> Rows:
    """Taken out of their invoices: the coupons and promotion codes behind them."""
    rows: dict[tuple[Kind, str], Row] = {}
    for invoice in invoices:
        if discounts := parts(invoice, "discounts"):
            invoice["discounts"] = [needed_text(discount, "id") for discount in discounts]
        for discount in discounts:
            rows.update(taken_out(part(discount, "source"), "coupon", Kind.COUPON))
            rows.update(taken_out(discount, "promotion_code", Kind.PROMOTION_CODE))
    return rows


def _invoice_payments(ask: Ask, invoice: Row) -> list[Row]:
    """Taken out of the invoice. Stripe: it holds the first ten."""
    held = part(invoice, "payments")
    invoice.pop("payments", None)
    if held.get("has_more"):
        return list(everything(ask, INVOICE_PAYMENTS, [("invoice", str(invoice["id"]))]))
    return list(parts(held, "data"))


def _money(ask: Ask, place: Row) -> tuple[Rows, Row, bool]:
    expand = expanded(["source.payment_intent", "source.customer"], "data.")
    answer = page(ask, PLACES[Kind.BALANCE_TRANSACTION].path, expand, place.get("after", ""))
    rows: dict[tuple[Kind, str], Row] = {}
    intents: dict[str, Row] = {}
    for moved in answer.rows:
        charge = collapsed(moved, "source") or {}
        rows.update(taken_out(charge, "customer", Kind.CUSTOMER))
        if not _is_arrival(moved, charge):
            rows[Kind.BALANCE_TRANSACTION, str(moved["id"])] = moved
            continue
        charge["balance_transaction"] = moved
        if intent := collapsed(charge, "payment_intent"):
            intents[str(intent["id"])] = {**intent, "latest_charge": charge}
        else:
            rows[Kind.PAYMENT, str(charge["id"])] = charge_row(charge)
    paid = place.get("paid", {})
    unknown = [created(intent) for ident, intent in intents.items() if ident not in paid and place.get("forgotten")]
    asked = paid_at_the_time_of(ask, unknown)
    for ident, intent in intents.items():
        rows[Kind.PAYMENT, ident] = payment_row(intent, paid.pop(ident, None) or asked.get(ident, ()))
    told = reached(place.get("reached", UNHEARD), answer.rows)
    return rows, {**place, "after": answer.last, "paid": paid, "reached": told}, answer.more


def _is_arrival(moved: Row, charge: Row) -> bool:
    """Whether it is the arrival of this charge's money, and the charge the one that its intent ended with."""
    intent = charge.get("payment_intent")
    last = reference(intent, "latest_charge") if isinstance(intent, dict) else text(charge, "id")
    return text(charge, "object") == "charge" and (
        (reference(charge, "balance_transaction"), last) == (moved["id"], charge["id"])
    )


def _given_back(ask: Ask, place: Row) -> tuple[Rows, Row, bool]:
    listing = GivenBack(**place)
    rows, more = listing.next_rows(ask)
    return rows, vars(listing), more


_STEPS: Mapping[str, _Step] = {
    "tax rates": _all_of(Kind.TAX_RATE),
    "prices": _all_of(Kind.PRICE, "product"),
    "invoices": _invoices,
    "money": _money,
    "refunds and credit notes": _given_back,
    # the first import ends here: what documents rest on came with them
    "products": _all_of(Kind.PRODUCT),
    "coupons": _all_of(Kind.COUPON),
    "promotion codes": _all_of(Kind.PROMOTION_CODE),
    "subscriptions": _all_of(Kind.SUBSCRIPTION, "customer"),
    "customers": _all_of(Kind.CUSTOMER),
}
WHOLE = tuple(kind for kind in (*PLACES, Kind.REFUND) if kind is not Kind.BALANCE_TRANSACTION)
"""The kinds of which every row is shown as such. A payment that moved no money is not listed, and the movement that is
its arrival is shown as part of it."""

_ORDER = list(_STEPS)
_OF_DOCUMENTS = _ORDER[: _ORDER.index("products")]


def begun(ask: Ask, *, whole: bool) -> Row:
    """Where the first page begins: of everything, or of the documents and what they name. The newest events are
    remembered before it is read: what happens meanwhile is told afterwards, what had happened before is in the rows.
    """
    return {EVENTS: newest(ask, EVENTS), "history": {"step": _ORDER[0], "place": {}, "whole": whole}}


def next_page(ask: Ask, cursor: Row) -> tuple[Rows, Row]:
    """The next rows, and where to go on; without a history after the last."""
    at = cursor["history"]
    step, order = str(at["step"]), _order(at)
    rows, onward, more = _STEPS[step](ask, at["place"])
    if more:
        return rows, {**cursor, "history": {**at, "place": onward}}
    if step == "money":
        cursor = {**cursor, MOVED: onward["reached"]}
    if step == order[-1]:
        return rows, {**cursor, "history": None}
    # what the invoices told of their payments is what the money is joined with
    kept = {name: onward[name] for name in ("paid", "forgotten")} if step == "invoices" else {}
    return rows, {**cursor, "history": {**at, "step": order[order.index(step) + 1], "place": kept}}


def how_far(cursor: Row) -> Step | None:
    """Which list is read now."""
    at = cursor.get("history")
    if not at:
        return None
    order = _order(at)
    return Step(at["step"], order.index(at["step"]) + 1, len(order))


def _order(at: Row) -> list[str]:
    # a place that an earlier version kept does not say so, and led through all
    return _ORDER if at.get("whole", True) else _OF_DOCUMENTS


def again(at: Row) -> Row | None:
    """The step's beginning; None if it is there already. What the money was joined with is used up: the invoices are
    read again for it.
    """
    step = "invoices" if at["step"] == "money" else str(at["step"])
    gone_on = at["place"].get("after") or at["place"].get("notes_after")
    return {**at, "step": step, "place": {}} if gone_on else None
