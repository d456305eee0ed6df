"""An amount taken apart: what it is the sum of, how each part was reckoned, where it is booked, who says the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from core.accounts import AccountRole
from core.entities import (
    CreditNote,
    CreditNoteLine,
    CreditRefund,
    Entity,
    Invoice,
    InvoiceLine,
    LineTax,
    Payment,
    Refund,
    TaxRate,
)
from core.kinds import Kind
from core.money import decimal_of, exponent
from core.store.reading.story import Story
from web.pages import words

_MORE_DIGITS = 4
"""Beyond the currency's own, where a reckoning has no end."""


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    minor: int
    how: str = ""
    """The reckoning behind it, such as 9 x 21.00."""
    kind: Kind | None = None
    record_id: str = ""
    """Of the record that the text names."""
    accounts: Sequence[str] = ()
    """Where the standing entries have it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one system says of the amount."""

    copy: Row[Any]
    minor: int | None
    """None: it has shown nothing yet."""
    off_minor: int
    """How far that is from what it should show, in what it shows it in."""
    seen_id: str
    """The observation that tells it; empty where there is none."""
    delivery_id: str
    """What wrote it there; empty at its origin."""


@dataclass(frozen=True, slots=True)
class Amount:
    name: str
    minor: int
    parts: Sequence[Part]
    said: Sequence[Said]


def amounts(entity: Entity | None) -> Mapping[str, int]:
    """Those of a document that every system has and that can be taken apart."""
    match entity:
        case Invoice():
            return {"total": entity.total_minor, "tax": entity.tax_minor, "due": entity.due_minor}
        case CreditNote():
            return {"total": entity.total_minor, "tax": entity.tax_minor}
        case Payment():
            return {"applied": sum(one.amount_minor for one in entity.applications)}
        case Refund() | CreditRefund():
            return {"amount": entity.amount_minor}
    return {}


def there(copy: Row[Any], name: str) -> int | None:
    """The same amount as a system shows it; None where it has shown nothing yet."""
    minor: int | None = getattr(copy, "total_minor" if name in {"applied", "amount"} else f"{name}_minor")
    return minor


def off(entity: Entity, copy: Row[Any], name: str) -> int:
    """How far a system is from the amount, in the currency that it shows: a refund may have left another account."""
    minor = amounts(entity)[name]
    if isinstance(entity, Refund) and copy.currency == entity.settled_currency != entity.currency:
        minor = entity.settled_minor
    return (there(copy, name) or 0) - minor


def taken_apart(
    name: str,
    entity: Entity,
    told: Story,
    called: Mapping[str, str],
    rates: Mapping[str, TaxRate],
    besides: Sequence[Part],
) -> Amount:
    """`besides`: parts that other documents tell: the payments and credits on an invoice, which are negative; what pays
    out credit notes with a refund.
    """
    minor = amounts(entity)[name]
    if isinstance(entity, Refund):
        return _whole(name, entity, list(besides), "explained by no credit note", told)
    if isinstance(entity, CreditRefund):
        source = Part(called[entity.refund], minor, kind=Kind.REFUND, record_id=entity.refund)
        return _whole(name, entity, [source], "", told)
    if isinstance(entity, Payment):
        applied = [
            Part(called[one.invoice], one.amount_minor, kind=Kind.INVOICE, record_id=one.invoice)
            for one in entity.applications
        ]
        return _whole(name, entity, applied, "", told)
    assert isinstance(entity, Invoice | CreditNote)
    if isinstance(entity, Invoice) and name == "due":
        parts = [Part("total", entity.total_minor)]
        if entity.from_balance_minor:
            parts.append(Part("from the customer's balance", -entity.from_balance_minor))
        parts += besides
        return _whole(name, entity, parts, "settled at its origin in another way", told)
    booked = _booked(told)
    taxes = list(_taxes(entity, called, rates, booked))
    if name == "tax":
        return _whole(name, entity, taxes, "on the document as a whole", told)
    return _whole(name, entity, [*_lines(entity, called, booked), *taxes], "in no line", told)


def _whole(name: str, entity: Entity, parts: list[Part], rest_text: str, told: Story) -> Amount:
    """What the parts do not explain is a part of its own: nothing is swept under a total."""
    minor = amounts(entity)[name]
    rest = minor - sum(part.minor for part in parts)
    return Amount(name, minor, [*parts, Part(rest_text, rest)] if rest else parts, _said(name, entity, told))


def _lines(
    entity: Invoice | CreditNote, called: Mapping[str, str], booked: Mapping[tuple[int | None, bool], Sequence[str]]
) -> Iterator[Part]:
    lines: Sequence[InvoiceLine | CreditNoteLine] = entity.lines
    for number, line in enumerate(lines):
        accounts, text = booked.get((number, False), ()), line.description
        if not isinstance(line, InvoiceLine):
            yield Part(text or f"line {number + 1}", line.net_minor, accounts=accounts)
            continue
        text = text or called.get(line.product or line.price or "", f"line {number + 1}")
        how = _line_reckoned(line, entity.currency)
        yield Part(text, line.net_minor, how, Kind.PRICE if line.price else None, line.price or "", accounts)


def _line_reckoned(line: InvoiceLine, currency: str) -> str:
    if line.unit_amount is None:
        return ""
    within = sum(tax.amount_minor for tax in line.taxes if tax.inclusive)
    exact = line.quantity * line.unit_amount - decimal_of(line.discount_minor + within, currency)
    told = f"{words.unit(line.quantity)} \N{MULTIPLICATION SIGN} {_money(line.unit_amount, currency)}"
    if line.discount_minor:
        told += f", less a discount of {words.amount(line.discount_minor, currency)}"
    if within:
        told += f", less the tax within, {words.amount(within, currency)}"
    return told + _rounded(exact, line.net_minor, currency)


def _taxes(
    entity: Invoice | CreditNote,
    called: Mapping[str, str],
    rates: Mapping[str, TaxRate],
    booked: Mapping[tuple[int | None, bool], Sequence[str]],
) -> Iterator[Part]:
    lines: Sequence[InvoiceLine | CreditNoteLine] = entity.lines
    for number, line in enumerate(lines):
        gross_minor = line.net_minor + line.tax_minor
        for tax in line.taxes:
            how = _tax_reckoned(tax, gross_minor, len(line.taxes), rates.get(tax.rate), entity.currency)
            yield Part(
                called.get(tax.rate, "tax"),
                tax.amount_minor,
                how,
                Kind.TAX_RATE,
                tax.rate,
                booked.get((number, True), ()),
            )


def _tax_reckoned(tax: LineTax, gross_minor: int, taxes: int, rate: TaxRate | None, currency: str) -> str:
    if rate is None:
        return ""
    percentage = words.unit(rate.percentage)
    if tax.inclusive and taxes == 1:
        exact = decimal_of(gross_minor, currency) * rate.percentage / (100 + rate.percentage)
        told = f"{percentage} % within {words.amount(gross_minor, currency)}"
    else:
        exact = decimal_of(tax.taxable_minor, currency) * rate.percentage / 100
        told = f"{percentage} % of {words.amount(tax.taxable_minor, currency)}"
    return told + _rounded(exact, tax.amount_minor, currency)


def _rounded(exact: Decimal, minor: int, currency: str) -> str:
    """What rounding did. Where more than that lies between, another rule decided, and nothing is claimed."""
    between = exact - decimal_of(minor, currency)
    if not between:
        return ", exactly"
    if abs(between) >= decimal_of(1, currency):
        return ""
    return f" is {_money(exact, currency)}, rounded to {words.amount(minor, currency)}"


def _money(value: Decimal, currency: str) -> str:
    """With the currency's decimals, and as many more as it has."""
    fewest = decimal_of(1, currency)
    most = fewest.scaleb(-_MORE_DIGITS)
    cut = value.quantize(most)
    digits = max(exponent(currency), -int(cut.normalize().as_tuple().exponent))
    return f"{cut:,.{digits}f}{'…' if cut != value else ''}".replace("-", words.MINUS)


def _booked(told: Story) -> Mapping[tuple[int | None, bool], Sequence[str]]:
    """(line of the document, whether it is tax) to the accounts that hold it in entries that stand."""
    reversed_ids = {one.reverses_id for one in told.entries if one.reverses_id}
    found: dict[tuple[int | None, bool], list[str]] = {}
    for entry in told.entries:
        if entry.reverses_id or entry.id in reversed_ids:
            continue
        for line in told.postings[entry.id]:
            accounts = found.setdefault((line.document_line, line.account == AccountRole.OUTPUT_TAX.value), [])
            if line.account not in accounts:
                accounts.append(line.account)
    return found


def _said(name: str, entity: Entity, told: Story) -> list[Said]:
    return [
        Said(
            copy,
            there(copy, name),
            off(entity, copy, name),
            next((one.id for one in reversed(told.observations) if _is_of(one, copy)), ""),
            next((one.id for one in reversed(told.deliveries) if one.connection_id == copy.connection_id), ""),
        )
        for copy in told.copies
    ]


def _is_of(seen: Row[Any], copy: Row[Any]) -> bool:
    return (seen.connection_id, seen.kind, seen.remote_id) == (copy.connection_id, copy.kind, copy.remote_id)
