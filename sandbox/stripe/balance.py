"""The account's balance: every movement of money is a balance transaction; the balance is their sum.

The account is German. EUR, USD and JPY settle in themselves, all else is converted into EUR.
Fees follow the published European pricing: 1.5 % + 0.25 EUR for cards, and 2 % for converting a currency; 0.35 EUR for
a SEPA Direct Debit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import places, rounded
from sandbox.stripe.params import Form, Params, listing, span, text
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.store import Page

LIST = listing({"created": span, "currency": text, "payout": text, "source": text, "type": text})
RETRIEVE = Form({})

SETTLED_IN_THEMSELVES = frozenset({"eur", "usd", "jpy"})
EUR_PER_UNIT = {
    currency: Decimal(rate)
    for currency, rate in {
        "aud": "0.60", "bhd": "2.40", "cad": "0.66", "chf": "1.05", "czk": "0.04", "dkk": "0.134",
        "gbp": "1.15", "hkd": "0.117", "huf": "0.0025", "inr": "0.0105", "isk": "0.0067", "jod": "1.28",
        "krw": "0.00065", "kwd": "3.00", "mxn": "0.049", "nok": "0.086", "nzd": "0.54", "omr": "2.36",
        "pln": "0.235", "sek": "0.089", "sgd": "0.68", "tnd": "0.295", "ugx": "0.00025", "xof": "0.001525",
    }.items()
}  # fmt: skip

FEE_PERCENT = Decimal("1.5")
FEE_FIXED = {"eur": 25, "usd": 30, "jpy": 40}
CONVERSION_PERCENT = Decimal(2)
DEBIT_FEE = 35

DAY_SECONDS = 86_400
SETTLING_DAYS = 2


@dataclass(frozen=True, slots=True)
class Settled:
    """An amount as it reaches the balance."""

    amount: int
    currency: str
    exchange_rate: Decimal | None


def settle(amount: int, currency: str) -> Settled:
    """Stripe: the rate turns minor units of one currency into minor units of the other."""
    if currency in SETTLED_IN_THEMSELVES:
        return Settled(amount, currency, None)
    if currency not in EUR_PER_UNIT:
        raise StripeError(f"This account has no settlement for the currency {currency}.", param="currency")
    rate = EUR_PER_UNIT[currency] * 100 / 10 ** places(currency)
    return Settled(rounded(amount * rate), "eur", rate)


def card_fees(settled: Settled) -> list[dict[str, Any]]:
    """The `fee_details` of a charge, in the currency it settles in."""
    processing = rounded(settled.amount * FEE_PERCENT / 100) + FEE_FIXED[settled.currency]
    fees = [fee(processing, settled.currency, "Stripe processing fees")]
    if settled.exchange_rate is not None:
        conversion = rounded(settled.amount * CONVERSION_PERCENT / 100)
        fees.append(fee(conversion, settled.currency, "Stripe currency conversion fee"))
    return fees


def debit_fees(settled: Settled) -> list[dict[str, Any]]:
    """A debit costs the same whatever it brings."""
    return [fee(DEBIT_FEE, settled.currency, "Stripe processing fees")]


def fee(amount: int, currency: str, description: str) -> dict[str, Any]:
    return {
        "amount": amount,
        "application": None,
        "currency": currency,
        "description": description,
        "type": "stripe_fee",
    }


def record(
    account: Account,
    settled: Settled,
    type_: str,
    category: str,
    *,
    source: Row | None,
    created: int,
    fees: Iterable[dict[str, Any]] = (),
    description: str | None = None,
    at_once: bool = False,
) -> Row:
    """A movement of the balance; `at_once` spares it the days until it is available."""
    details = list(fees)
    charged = sum(one["amount"] for one in details)
    settles = created if at_once else (created // DAY_SECONDS + SETTLING_DAYS) * DAY_SECONDS
    rate = settled.exchange_rate
    moved = Row(
        {
            "id": account.store.new_id("balance_transaction"),
            "object": "balance_transaction",
            "amount": settled.amount,
            "available_on": settles,
            "created": created,
            "currency": settled.currency,
            "description": description,
            "exchange_rate": None if rate is None else float(rate),
            "fee": charged,
            "fee_details": details,
            "net": settled.amount - charged,
            "reporting_category": category,
            "source": source.id if source else None,
            "status": "available" if at_once else "pending",
            "type": type_,
        }
    )
    account.add(moved)
    _add(account, moved["status"], moved["currency"], moved["net"])
    if not at_once:
        heappush(account.settling, (settles, moved.id))
    return moved


def mature(account: Account) -> None:
    """What has waited long enough becomes available."""
    now = account.latest()
    matured = False
    while account.settling and account.settling[0][0] <= now:
        _, id_ = heappop(account.settling)
        moved = account.store.find("balance_transaction", id_)
        if moved is not None:
            account.store.save(moved, status="available")
            _add(account, "pending", moved["currency"], -moved["net"])
            _add(account, "available", moved["currency"], moved["net"])
            matured = True
    if matured:
        account.tell("balance.available", balance(account))


def remember_settling(account: Account) -> None:
    """After a restart."""
    account.settling = sorted(
        (moved["available_on"], moved.id)
        for moved in account.store.every("balance_transaction")
        if moved["status"] == "pending"
    )


def _sums(account: Account) -> Row:
    """Kept as movements come and mature, so that to ask for the balance is not to add up all that ever moved."""
    kept = account.store.find("balance", "balance")
    if kept is None:
        nothing = dict.fromkeys(sorted(SETTLED_IN_THEMSELVES), 0)
        kept = account.store.add(
            Row({"id": "balance", "object": "balance", "_available": nothing, "_pending": nothing})
        )
    return kept


def _add(account: Account, status: str, currency: str, amount: int) -> None:
    kept, name = _sums(account), f"_{status}"
    account.store.save(kept, **{name: {**kept[name], currency: kept[name][currency] + amount}})


def balance(account: Account) -> Shown:
    kept = _sums(account)

    def listed(status: str) -> list[Shown]:
        return [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in kept[f"_{status}"].items()
        ]

    return {
        "object": "balance",
        "available": listed("available"),
        "livemode": False,
        "pending": listed("pending"),
    }


def show_balance(account: Account, _: Params) -> Shown:
    return balance(account)


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("balance_transaction", id_)


def listed(account: Account, params: Params) -> Page:
    if params.get("payout"):
        payout = account.store.named("payout", params["payout"], "payout")
        if not payout["automatic"]:
            raise StripeError(
                "Balance transaction history can only be filtered on automatic payouts, not manual.",
                param="payout",
            )
    where = {
        "_payout": params.get("payout"),
        "currency": params.get("currency"),
        "source": params.get("source"),
        "type": params.get("type"),
    }
    return account.store.page("balance_transaction", params, where)
