"""How things are written on the pages: amounts, days, moments, states. Text only; marks are the templates' affair."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import g

from connectors import strict_json
from connectors.registry import CONNECTORS
from core.accounts import AccountRole
from core.kinds import Kind, shown_id
from core.money import decimal_of
from core.reasons import ReasonCode
from core.roles import Role

_STATES = {
    "pending": ("queued", "moving"),
    "waiting": ("waits", "moving"),
    "parked": ("needs you", "person"),
    "sent": ("sent, answer awaited", "moving"),
    "unknown": ("asking whether it arrived", "moving"),
    "delivered": ("delivered", "good"),
    "refused": ("set aside", "quiet"),
    "superseded": ("replaced by a newer one", "quiet"),
    "done": ("done", "good"),
    "ignored": ("needs no work", "quiet"),
    "active": ("connected", "good"),
    "paused": ("paused", "bad"),
    "resting": ("resting", "moving"),
    "differs": ("differs", "bad"),
    "missing": ("missing there", "bad"),
    "not taken": ("not taken in", "person"),
    "on its way": ("on its way", "moving"),
    "to be confirmed": ("to be confirmed", "moving"),
    "paid": ("paid", "good"),
    "open": ("open", "moving"),
    "draft": ("draft", "quiet"),
    "void": ("void", "quiet"),
    "uncollectible": ("uncollectible", "bad"),
    "succeeded": ("succeeded", "good"),
    "not succeeded": ("not succeeded", "quiet"),
    "trialing": ("on trial", "moving"),
    "past_due": ("past due", "bad"),
    "unpaid": ("unpaid", "bad"),
}
_KINDS = {
    Kind.CUSTOMER: "Customers",
    Kind.PRODUCT: "Products",
    Kind.TAX_RATE: "Tax rates",
    Kind.PRICE: "Prices",
    Kind.COUPON: "Coupons",
    Kind.PROMOTION_CODE: "Promotion codes",
    Kind.SUBSCRIPTION: "Subscriptions",
    Kind.INVOICE: "Invoices",
    Kind.PAYMENT: "Payments",
    Kind.CREDIT_NOTE: "Credit notes",
    Kind.ALLOCATION: "Allocations",
    Kind.REFUND: "Refunds",
    Kind.CREDIT_REFUND: "Paid-out credits",
    Kind.BALANCE_TRANSACTION: "Balance transactions",
}
_CAUSES = {
    ReasonCode.SLOT_UNMAPPED: "A rule is missing",
    ReasonCode.RATE_MISSING: "An exchange rate is missing",
    ReasonCode.UNKNOWN_CURRENCY: "Not a currency",
    ReasonCode.CURRENCY_NOT_IN_LEDGER: "A currency the ledger does not keep",
    ReasonCode.THIRD_DECIMAL: "A third decimal",
    ReasonCode.NEGATIVE_TOTAL: "A negative total",
    ReasonCode.CREDIT_UNEXPLAINED: "Credit without a document",
    ReasonCode.TOTALS_DIFFER: "Lines and total differ",
    ReasonCode.RATE_TOO_COARSE: "No rate the ledger can keep",
    ReasonCode.NOT_MOVED_YET: "Not moved at the gateway yet",
    ReasonCode.CONTACT_MISSING: "A contact is missing",
    ReasonCode.CONTACT_ARCHIVED: "A contact is archived",
    ReasonCode.STORED_DIFFERENTLY: "Stored otherwise than sent",
    ReasonCode.NAME_TAKEN: "A name is taken",
    ReasonCode.NUMBER_TAKEN: "A number is taken",
    ReasonCode.ACCOUNT_NOT_USABLE: "An account or tax code is refused",
    ReasonCode.NOT_CHANGEABLE: "No longer changeable there",
    ReasonCode.PERIOD_LOCKED: "The period is closed there",
    ReasonCode.MASS_CHANGE: "Very many changes at once",
    ReasonCode.MASS_ABSENCE: "Very many gone at once",
    ReasonCode.GONE_THERE: "Written, and gone there",
    ReasonCode.NOT_LINKED: "Nothing there to link to",
    ReasonCode.REFUSED: "Refused",
    ReasonCode.UNREADABLE_BODY: "A message that cannot be read",
    ReasonCode.UNREADABLE_ROW: "A document that cannot be read",
    ReasonCode.SAME_ID_OTHER_BODY: "One event, told in two ways",
    ReasonCode.FOREIGN_ACCOUNT: "An account that is not connected",
    ReasonCode.MISSING_THERE: "Announced, but not there",
    ReasonCode.CRASHED: "Set aside after failing",
    ReasonCode.CONTRACT_BROKEN: "An answer nobody expected",
}
MINUS = "\N{MINUS SIGN}"


def amount(minor: int, currency: str) -> str:
    """1234567 EUR -> 12,345.67; a real minus, so that figures stand in line."""
    return f"{decimal_of(minor, currency):,f}".replace("-", MINUS)


def unit(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():,f}".replace("-", MINUS)


def day(value: str | date) -> str:
    """2026-11-23 -> 23 Nov 2026."""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{found.day} {found:%b %Y}"


def month(value: str) -> str:
    """2026-11 -> Nov 2026."""
    return f"{date.fromisoformat(f'{value}-01'):%b %Y}"


def local_day(moment: datetime) -> str:
    return day(moment.astimezone(_zone()).date())


def moment(value: datetime) -> str:
    """In the book's zone: 23 Nov 2026, 14:05:09."""
    local = value.astimezone(_zone())
    return f"{day(local.date())}, {local:%H:%M:%S}"


def clock(value: datetime) -> str:
    return f"{value.astimezone(_zone()):%H:%M:%S}"


def hour(value: datetime) -> str:
    return f"{value.astimezone(_zone()):%H:%M}"


def state(name: str) -> str:
    return _STATES.get(name, (name, "quiet"))[0]


def tone(name: str) -> str:
    """good, moving, person, bad or quiet: how a state is coloured."""
    return _STATES.get(name, (name, "quiet"))[1]


def cause(code: ReasonCode) -> str:
    """The heading above what waits for one reason."""
    return _CAUSES.get(code) or sentence(spoken(code.value))


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def kinds(kind: Kind) -> str:
    return _KINDS.get(kind) or sentence(f"{spoken(kind.value)}s")


def stream(name: str) -> str:
    """What a connector is polled for: a kind by its name, or all of them at once."""
    return kinds(Kind(name)) if name in set(Kind) else sentence(spoken(name))


def spoken(name: str) -> str:
    """tax_rate -> tax rate."""
    return name.replace("_", " ")


def address(record_id: str, kind: str) -> str:
    return shown_id(Kind(kind), record_id)


def vendor(name: str) -> str:
    return {"stripe": "Stripe", "xero": "Xero"}.get(name, name.title())


def pretty(content: bytes | Any) -> str:
    """JSON with a line for each thing, numbers with exactly their digits; what is no JSON as it is."""
    if isinstance(content, bytes):
        try:
            content = strict_json.parse(content)
        except ValueError:
            return content.decode(errors="replace")
    return _lines(content, "\n")


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _lines(value: Any, line: str) -> str:
    inner = line + "  "
    if isinstance(value, dict) and value:
        members = [f"{json.dumps(name, ensure_ascii=False)}: {_lines(one, inner)}" for name, one in value.items()]
        return "{" + inner + f",{inner}".join(members) + line + "}"
    if isinstance(value, list) and value:
        return "[" + inner + f",{inner}".join(_lines(one, inner) for one in value) + line + "]"
    return strict_json.write(value).decode()


def _zone() -> ZoneInfo:
    return ZoneInfo(g.get("zone") or "UTC")


FILTERS: Mapping[str, Callable[..., str]] = {
    one.__name__: one
    for one in (
        amount,
        unit,
        day,
        month,
        local_day,
        moment,
        clock,
        hour,
        state,
        cause,
        sentence,
        tone,
        kinds,
        stream,
        spoken,
        address,
        pretty,
        plural,
    )
}
GLOBALS: Mapping[str, Any] = {
    "Kind": Kind,
    "Role": Role,
    "CONNECTORS": CONNECTORS,
    "ACCOUNTS": {role.value: role.label for role in AccountRole},
}
