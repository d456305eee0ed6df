"""What gives money back is in the books: credit notes, refunds, what joins the two, and what the gateway keeps as fees.

A refund's cash leg is posted always and at once, to refunds that are to be classified; a credit note that it pays out
takes it from there. So the books are the same in whatever order the two are told, and what nothing explains stays
visible until a person decides.
"""

from collections.abc import Mapping
from decimal import Decimal

from core.accounts import AccountRole
from core.book import Book
from core.clock import local_date
from core.entities import BalanceTransaction, CreditNote, CreditRefund, Refund
from core.money import decimal_of, round_minor
from core.postings import Entry, PostingLine, Rate, check, in_base, rate_missing, totals_differ
from core.reasons import Problem

_FEE_ROLES: Mapping[str, AccountRole] = {
    "application_fee": AccountRole.APPLICATION_FEES,
    "tax": AccountRole.INPUT_TAX,
    "withheld_tax": AccountRole.WITHHELD_TAX,
}
"""By the gateway's word for the fee; every other one is the price of taking the money."""


def credit_note_entries(note: CreditNote, book: Book, rate: Rate | None) -> tuple[Entry, ...] | Problem:
    """Revenue and tax back against the receivable, at the rate of the invoice that it takes back.

    What the customer keeps goes on to customer credit; what was given back elsewhere to receipts outside the gateway.
    """
    if note.void:
        return ()
    document = f"credit note {note.number}"
    lines_total = sum(line.net_minor + line.tax_minor for line in note.lines)
    if lines_total != note.total_minor:
        return totals_differ(document, note.currency, lines_total, note.total_minor)
    used = note.due_lowered_minor + note.refunded_minor + note.to_balance_minor + note.outside_minor
    if used != note.total_minor:
        return totals_differ(document, note.currency, used, note.total_minor)
    issued_on = local_date(note.issued_at, book.time_zone)
    if note.currency != book.base_currency and rate is None:
        return rate_missing(document, note.currency, book, issued_on)

    def line(role: AccountRole, minor: int, document_line: int | None = None) -> PostingLine:
        return PostingLine(role, note.currency, minor, in_base(minor, note.currency, book, rate), document_line)

    lines = [line(AccountRole.RECEIVABLE, -note.total_minor)]
    for i, part in enumerate(note.lines):
        lines.append(line(AccountRole.REVENUE, part.net_minor, i))
        lines += [line(AccountRole.OUTPUT_TAX, tax.amount_minor, i) for tax in part.taxes]
    entries = [_entry("credit note", issued_on, lines, rate, AccountRole.REVENUE)]
    kept = ((note.to_balance_minor, AccountRole.CUSTOMER_CREDIT), (note.outside_minor, AccountRole.RECEIPTS_OUTSIDE))
    for minor, role in kept:
        if minor:
            moved = [line(AccountRole.RECEIVABLE, minor), line(role, -minor)]
            entries.append(_entry(f"credit note to {role.label.lower()}", issued_on, moved, rate, role))
    return tuple(check(entry) for entry in entries if entry.lines)


def refund_entries(refund: Refund, book: Book, settle_rate: Rate | None) -> tuple[Entry, ...] | Problem:
    """The cash leg, and its return where the money could not be delivered. None while it is under way."""
    if refund.refunded_at is None or not refund.amount_minor:
        return ()
    left_on = local_date(refund.refunded_at, book.time_zone)
    if refund.settled_currency != book.base_currency and settle_rate is None:
        return rate_missing("refund", refund.settled_currency, book, left_on)
    settled_base = in_base(refund.settled_minor, refund.settled_currency, book, settle_rate)
    worth = _worth(refund, book, settle_rate)
    lines = [
        PostingLine(AccountRole.REFUNDS_TO_CLASSIFY, refund.currency, refund.amount_minor, worth),
        PostingLine(AccountRole.CLEARING, refund.settled_currency, -refund.settled_minor, -settled_base),
    ]
    if refund.settled_currency != refund.currency:
        lines += [
            PostingLine(AccountRole.CURRENCY_EXCHANGE, refund.currency, -refund.amount_minor, -worth),
            PostingLine(AccountRole.CURRENCY_EXCHANGE, refund.settled_currency, refund.settled_minor, worth),
        ]
    if worth != settled_base:
        lines.append(PostingLine(AccountRole.REALISED_FX, refund.settled_currency, 0, settled_base - worth))
    rate = settle_rate if refund.settled_currency != book.base_currency else None
    entries = [check(Entry("refund", left_on, tuple(lines), rate))]
    if refund.failed_at is not None:
        back = tuple(
            PostingLine(line.role, line.currency, -line.amount_minor, -line.base_minor, line.document_line)
            for line in lines
        )
        entries.append(check(Entry("refund failed", local_date(refund.failed_at, book.time_zone), back, rate)))
    return tuple(entries)


def credit_refund_entries(
    paid: CreditRefund, refund: Refund, book: Book, note_rate: Rate | None, settle_rate: Rate | None
) -> tuple[Entry, ...] | Problem:
    """The refund is explained: from refunds to classify to the receivable that its credit note had lowered.

    The receivable moves at the credit note's rate, the money at what it settled in; the difference is realised FX.
    """
    if paid.void or refund.refunded_at is None or refund.failed_at is not None or not paid.amount_minor:
        return ()
    on = local_date(refund.refunded_at, book.time_zone)
    foreign = paid.currency != book.base_currency
    if foreign and note_rate is None:
        return rate_missing("refund", paid.currency, book, "the day of its credit note")
    if refund.settled_currency != book.base_currency and settle_rate is None:
        return rate_missing("refund", refund.settled_currency, book, on)
    share = round_minor(
        decimal_of(_worth(refund, book, settle_rate), book.base_currency)
        * Decimal(paid.amount_minor)
        / Decimal(refund.amount_minor),
        book.base_currency,
    )
    cleared = in_base(paid.amount_minor, paid.currency, book, note_rate)
    lines = [
        PostingLine(AccountRole.RECEIVABLE, paid.currency, paid.amount_minor, cleared),
        PostingLine(AccountRole.REFUNDS_TO_CLASSIFY, paid.currency, -paid.amount_minor, -share),
    ]
    if cleared != share:
        lines.append(PostingLine(AccountRole.REALISED_FX, paid.currency, 0, share - cleared))
    return (check(Entry("refund explained", on, tuple(lines), note_rate if foreign else None)),)


def fee_entries(moved: BalanceTransaction, book: Book, rate: Rate | None) -> tuple[Entry, ...] | Problem:
    """What the gateway kept of a movement, by what it kept it for."""
    if not moved.fee_minor:
        return ()
    on = local_date(moved.moved_at, book.time_zone)
    if moved.currency != book.base_currency and rate is None:
        return rate_missing(f"fee of {moved.source or moved.type}", moved.currency, book, on)
    told = sum(fee.amount_minor for fee in moved.fees)
    if told != moved.fee_minor:
        return totals_differ(f"fee of {moved.source or moved.type}", moved.currency, told, moved.fee_minor)

    def line(role: AccountRole, minor: int) -> PostingLine:
        return PostingLine(role, moved.currency, minor, in_base(minor, moved.currency, book, rate))

    lines = [line(AccountRole.CLEARING, -moved.fee_minor)]
    lines += [line(_FEE_ROLES.get(fee.type, AccountRole.GATEWAY_FEES), fee.amount_minor) for fee in moved.fees]
    return (check(_entry("fee", on, lines, rate, AccountRole.GATEWAY_FEES)),)


def _entry(event: str, on: str, lines: list[PostingLine], rate: Rate | None, taker: AccountRole) -> Entry:
    """Lines that moved nothing are left out; what rounding leaves in base goes to the largest line of `taker`."""
    kept = [line for line in lines if line.amount_minor]
    rest = -sum(line.base_minor for line in kept)
    takers = [i for i, line in enumerate(kept) if line.role is taker]
    if rest and takers:
        i = max(takers, key=lambda i: abs(kept[i].amount_minor))
        taken = kept[i]
        kept[i] = PostingLine(
            taken.role, taken.currency, taken.amount_minor, taken.base_minor + rest, taken.document_line
        )
    elif rest:
        kept.append(PostingLine(AccountRole.ROUNDING, kept[0].currency, 0, rest))
    return Entry(event, on, tuple(kept), rate)


def _worth(refund: Refund, book: Book, settle_rate: Rate | None) -> int:
    """In base: its own amount where that is base, else what it settled in."""
    if refund.currency == book.base_currency:
        return refund.amount_minor
    return in_base(refund.settled_minor, refund.settled_currency, book, settle_rate)
