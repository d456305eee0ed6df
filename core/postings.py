"""What an invoice and a payment are in the books: double entries, computed from them alone.

Debits are positive. Every entry sums to nothing in the book's base currency and in each transaction currency; money
that changes its currency passes through the currency exchange role. Entries are never edited: when the facts change
they are computed anew, and the difference is the store's to reverse.

Every line in the base currency has the same amount twice. A line in another one has its own amount and what that was
worth on its day; a realised difference is worth something in base and amounts to nothing in its currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.accounts import AccountRole
from core.book import Book
from core.clock import local_date
from core.entities import Invoice, Payment
from core.kinds import Kind, shown_id
from core.money import Money, allocate, convert
from core.reasons import Problem, ReasonCode, problem


class Unbalanced(ArithmeticError):
    """An entry whose lines do not sum to nothing: never stored, whatever computed it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the book's base currency for one unit of the document's."""

    value: Decimal
    source: str
    on: str
    """The day (ISO) that it was the rate of."""

    def __post_init__(self) -> None:
        if not (self.value.is_finite() and self.value > 0):
            raise ValueError(f"{self.value} is not a rate: one unit of a currency is worth more than nothing")


@dataclass(frozen=True, slots=True)
class PostingLine:
    role: AccountRole
    currency: str
    amount_minor: int
    base_minor: int
    document_line: int | None = None
    """Which of the invoice's lines, or of the payment's applications, it came from, counted from 0."""


@dataclass(frozen=True, slots=True)
class Entry:
    event: str
    """invoice, customer credit, payment, rounding ..."""
    posted_on: str
    lines: tuple[PostingLine, ...]
    rate: Rate | None = None
    """What its foreign amounts were turned into base with, where one rate did it."""


@dataclass(frozen=True, slots=True)
class BalanceRow:
    role: AccountRole
    currency: str
    amount_minor: int
    base_minor: int


def invoice_entries(
    invoice: Invoice, book: Book, rate: Rate | None, applied: Sequence[tuple[int, str]]
) -> tuple[Entry, ...] | Problem:
    """Receivable against revenue and tax; none for what does not stand in the books or moves nothing.

    What the customer's balance settled goes on from the receivable to customer credit, on the same day; so does, the
    other way, what a negative invoice gives to the balance.

    `applied` is every application of a payment to this invoice: (amount_minor, the payment's posted_on). Each clears
    its own rounded worth, so once they cover a foreign total, a cent may be left of its worth: a second entry, dated
    with the last of them, takes it to rounding, whatever their order.
    """
    if not invoice.counts:
        return ()
    document = f"invoice {invoice.number}"
    if invoice.issued_at is None:
        return problem(
            ReasonCode.UNREADABLE_ROW, document=document, connection="its origin", problem="it is issued without a date"
        )
    issued_on = local_date(invoice.issued_at, book.time_zone)
    lines_total = sum(line.net_minor + line.tax_minor for line in invoice.lines)
    if lines_total != invoice.total_minor:
        return totals_differ(document, invoice.currency, lines_total, invoice.total_minor)
    if invoice.currency != book.base_currency and rate is None:
        return rate_missing(document, invoice.currency, book, issued_on)

    worth = in_base(invoice.total_minor, invoice.currency, book, rate)
    lines = _invoice_lines(invoice, book, rate, worth)
    if not lines:
        return ()
    told_rate = rate if invoice.currency != book.base_currency else None
    entries = [Entry("invoice", issued_on, lines, told_rate)]
    if taken := invoice.from_balance_minor:
        taken_worth = in_base(taken, invoice.currency, book, rate)
        settled = (
            PostingLine(AccountRole.CUSTOMER_CREDIT, invoice.currency, taken, taken_worth),
            PostingLine(AccountRole.RECEIVABLE, invoice.currency, -taken, -taken_worth),
        )
        entries.append(Entry("customer credit", issued_on, settled, told_rate))
        applied = [*applied, (taken, issued_on)]
    left = worth - sum(in_base(amount_minor, invoice.currency, book, rate) for amount_minor, _ in applied)
    if left and sum(amount_minor for amount_minor, _ in applied) == invoice.total_minor:
        cleared_on = max(issued_on, *(on for _, on in applied))
        entries.append(
            Entry(
                "rounding",
                cleared_on,
                (
                    PostingLine(AccountRole.RECEIVABLE, invoice.currency, 0, -left),
                    PostingLine(AccountRole.ROUNDING, invoice.currency, 0, left),
                ),
                rate,
            )
        )
    return tuple(check(entry) for entry in entries)


def _invoice_lines(invoice: Invoice, book: Book, rate: Rate | None, worth: int) -> tuple[PostingLine, ...]:
    """The receivable and each tax are rounded for themselves; the largest revenue line takes what is left of a cent."""

    def credit(role: AccountRole, minor: int, document_line: int) -> PostingLine:
        return PostingLine(role, invoice.currency, -minor, -in_base(minor, invoice.currency, book, rate), document_line)

    receivable = PostingLine(AccountRole.RECEIVABLE, invoice.currency, invoice.total_minor, worth)
    revenue = [credit(AccountRole.REVENUE, line.net_minor, i) for i, line in enumerate(invoice.lines)]
    taxes = [
        credit(AccountRole.OUTPUT_TAX, tax.amount_minor, i)
        for i, line in enumerate(invoice.lines)
        for tax in line.taxes
    ]
    lines = [line for line in (receivable, *revenue, *taxes) if line.amount_minor]
    rest = -sum(line.base_minor for line in lines)
    if rest:
        taker = max(
            (i for i, line in enumerate(lines) if line.role is AccountRole.REVENUE),
            key=lambda i: abs(lines[i].amount_minor),
            default=None,
        )
        if taker is None:
            lines.append(PostingLine(AccountRole.ROUNDING, invoice.currency, 0, rest))
        else:
            lines[taker] = replace(lines[taker], base_minor=lines[taker].base_minor + rest)
    return tuple(lines)


def payment_entries(
    payment: Payment, book: Book, invoice_rates: Mapping[str, Rate | None], settle_rate: Rate | None
) -> tuple[Entry, ...] | Problem:
    """Gateway clearing against the invoices it pays; none while the money has not come.

    Receivables are cleared at their invoices' rates (`invoice_rates`, by the invoice's id; needed where the payment's
    currency is not the base), the money is worth what it settled in, at `settle_rate` where that is not the base
    either. The difference is realised FX; what no invoice claims is the customer's credit.
    """
    if not payment.succeeded or payment.received_at is None or not payment.amount_minor:
        return ()
    document = f"payment {payment.charge}"
    currency, settled_currency, base = payment.currency, payment.settled_currency, book.base_currency
    received_on = local_date(payment.received_at, book.time_zone)
    if not settled_currency:
        return problem(
            ReasonCode.UNREADABLE_ROW,
            document=document,
            connection="its origin",
            problem="it has arrived without a settled amount",
        )
    applied = sum(application.amount_minor for application in payment.applications)
    if applied > payment.amount_minor:
        return totals_differ(document, currency, applied, payment.amount_minor)
    if settled_currency == currency and payment.settled_minor != payment.amount_minor:
        return totals_differ(document, currency, payment.settled_minor, payment.amount_minor)
    if settled_currency != base and settle_rate is None:
        return rate_missing(document, settled_currency, book, received_on)

    settled_base = in_base(payment.settled_minor, settled_currency, book, settle_rate)
    worth = payment.amount_minor if currency == base else settled_base
    lines = [PostingLine(AccountRole.CLEARING, settled_currency, payment.settled_minor, settled_base)]
    for i, application in enumerate(payment.applications):
        rate = invoice_rates.get(application.invoice)
        if currency != base and rate is None:
            invoice = shown_id(Kind.INVOICE, application.invoice)
            return rate_missing(document, currency, book, f"the day of {invoice}")
        cleared = in_base(application.amount_minor, currency, book, rate)
        lines.append(PostingLine(AccountRole.RECEIVABLE, currency, -application.amount_minor, -cleared, i))
    excess = payment.amount_minor - applied
    excess_base, _ = allocate(worth, [excess, applied])
    lines.append(PostingLine(AccountRole.CUSTOMER_CREDIT, currency, -excess, -excess_base))
    difference = -sum(line.base_minor for line in lines)
    if difference:
        foreign = currency if currency != base else settled_currency
        lines.append(PostingLine(AccountRole.REALISED_FX, foreign, 0, difference))
    if settled_currency != currency:
        lines.append(PostingLine(AccountRole.CURRENCY_EXCHANGE, currency, payment.amount_minor, worth))
        lines.append(PostingLine(AccountRole.CURRENCY_EXCHANGE, settled_currency, -payment.settled_minor, -worth))
    lines = [line for line in lines if line.amount_minor or line.base_minor]
    return (check(Entry("payment", received_on, tuple(lines), settle_rate if settled_currency != base else None)),)


def check(entry: Entry) -> Entry:
    """The same entry, or Unbalanced."""
    sums: dict[str, int] = defaultdict(int)
    for line in entry.lines:
        sums[line.currency] += line.amount_minor
    wrong = [f"{minor} minor units of {currency}" for currency, minor in sorted(sums.items()) if minor]
    base = sum(line.base_minor for line in entry.lines)
    if base:
        wrong.append(f"{base} minor units of base")
    if wrong:
        raise Unbalanced(f"the {entry.event} entry of {entry.posted_on} is out of balance by {', '.join(wrong)}")
    return entry


def trial_balance(lines: Iterable[PostingLine]) -> tuple[BalanceRow, ...]:
    """What each role holds in each currency, by code; what holds nothing is left out."""
    sums: dict[tuple[AccountRole, str], tuple[int, int]] = {}
    for line in lines:
        amount_minor, base_minor = sums.get((line.role, line.currency), (0, 0))
        sums[line.role, line.currency] = (amount_minor + line.amount_minor, base_minor + line.base_minor)
    return tuple(BalanceRow(*key, *held) for key, held in sorted(sums.items()) if any(held))


def in_base(minor: int, currency: str, book: Book, rate: Rate | None) -> int:
    """What an amount is worth in base. Callers have made sure of the rate of a foreign one."""
    if currency == book.base_currency:
        return minor
    if rate is None:
        raise ValueError(f"an amount in {currency} needs a rate to {book.base_currency}")
    return convert(minor, currency, rate.value, book.base_currency)


def rate_missing(document: str, currency: str, book: Book, on: str) -> Problem:
    return problem(ReasonCode.RATE_MISSING, document=document, currency=currency, base=book.base_currency, on=on)


def totals_differ(document: str, currency: str, parts_minor: int, total_minor: int) -> Problem:
    return problem(
        ReasonCode.TOTALS_DIFFER,
        document=document,
        lines=Money(currency, parts_minor),
        total=Money(currency, total_minor),
        connection="the ledger",
    )
