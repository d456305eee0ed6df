"""Whole small businesses, in figures that an accountant has worked out by hand, down to the trial balance.

What the hub does not post yet is left out and the figures are adapted: payouts (so the money is still in clearing),
reverse charge on fees, and revenue over time (all revenue is booked with the invoice).
"""

from datetime import UTC, datetime
from decimal import Decimal

from core.accounts import AccountRole
from core.book import Book
from core.credit_postings import credit_note_entries, credit_refund_entries, fee_entries, refund_entries
from core.entities import (
    Application,
    BalanceTransaction,
    CreditNote,
    CreditNoteLine,
    CreditRefund,
    Fee,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineTax,
    Payment,
    Refund,
)
from core.money import decimal_of, exponent
from core.postings import Rate, invoice_entries, payment_entries, trial_balance

NO_RATE = {}


def line(description, net, tax=None, currency="EUR", *, inclusive=False):
    taxes = (LineTax("tax", minor(net, currency), minor(tax, currency), inclusive),) if tax else ()
    return InvoiceLine(description, Decimal(1), minor(net, currency), taxes)


def minor(amount, currency):
    return int(Decimal(amount).scaleb(exponent(currency)))


def invoice(number, issued_at, *lines, currency="EUR", status=InvoiceStatus.PAID, from_balance="0"):
    tax_minor = sum(part.tax_minor for part in lines)
    total_minor = sum(part.net_minor for part in lines) + tax_minor
    return Invoice(
        "cus",
        status,
        currency,
        number,
        moment(issued_at),
        None,
        lines,
        total_minor,
        tax_minor,
        0,
        from_balance_minor=minor(from_balance, currency),
    )


def credit(number, issued_at, net, tax, *, currency="EUR", lowers="0", refunds="0", keeps="0"):
    """A credit note of one line, and what became of its total."""
    taxes = (LineTax("tax", minor(net, currency), minor(tax, currency), inclusive=False),)
    line = CreditNoteLine("il", "back", Decimal(1), minor(net, currency), taxes)
    return CreditNote(
        "cus",
        "invoice",
        number,
        False,
        currency,
        moment(issued_at),
        (line,),
        line.net_minor + line.tax_minor,
        line.tax_minor,
        minor(lowers, currency),
        minor(refunds, currency),
        minor(keeps, currency),
        0,
    )


def fee(moved_at, amount, currency="EUR"):
    cost = minor(amount, currency)
    return BalanceTransaction(
        "charge", "charge", currency, 10**6, cost, moment(moved_at), "ch", (Fee("stripe_fee", cost, currency),)
    )


def money_back(refunded_at, amount, currency="EUR"):
    back = minor(amount, currency)
    return Refund("pi", "cus", currency, back, True, moment(refunded_at), currency, back, back)


def charge(received_at, amount, *applied, currency="EUR", settled=None):
    settled_currency, settled_amount = settled or (currency, amount)
    return Payment(
        "cus",
        currency,
        minor(amount, currency),
        True,
        moment(received_at),
        tuple(Application(of, minor(part, currency)) for of, part in applied),
        settled_currency,
        minor(settled_amount, settled_currency),
        "ch",
    )


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def balance(book, entries, on):
    """The trial balance in base at the end of a day: account code to amount."""
    rows = trial_balance(part for entry in entries if entry.posted_on <= on for part in entry.lines)
    assert sum(row.base_minor for row in rows) == 0
    held = {}
    for row in rows:
        held[row.role] = held.get(row.role, 0) + row.base_minor
    return {role.value: str(decimal_of(base, book.base_currency)) for role, base in held.items() if base}


def test_an_annual_plan_with_coupon_and_german_vat():
    book = Book("EUR", "Europe/Berlin", "DE")
    billed = invoice("RE-1001", "2026-01-15T09:00:00+01:00", line("annual plan, 10 % off", "1080.00", "205.20"))
    paid = charge("2026-01-15T09:00:05+01:00", "1285.20", ("RE-1001", "1285.20"))
    entries = [*invoice_entries(billed, book, None, [(128520, "2026-01-15")])]
    assert balance(book, entries, "2026-01-15") == {"1100": "1285.20", "2100": "-205.20", "4000": "-1080.00"}
    entries += payment_entries(paid, book, NO_RATE, None)
    entries += fee_entries(fee("2026-01-15T09:00:05+01:00", "19.53"), book, None)
    assert balance(book, entries, "2026-01-14") == {}
    # with reverse charge and payout: 1210 1,265.67, 1400 3.71, 2100 -208.91
    assert balance(book, entries, "2026-01-18") == {
        "1200": "1265.67",
        "2100": "-205.20",
        "4000": "-1080.00",
        "6000": "19.53",
    }


def test_french_prices_with_two_rates_of_vat_inside():
    book = Book("EUR", "Europe/Paris", "FR")
    billed = invoice(
        "F-2001",
        "2026-03-02T12:00:00+01:00",
        line("3 x 9.99 at 20 %", "24.97", "5.00", inclusive=True),
        line("12.50 at 5.5 %", "11.85", "0.65", inclusive=True),
    )
    paid = charge("2026-03-02T12:00:05+01:00", "42.47", ("F-2001", "42.47"))
    entries = [*invoice_entries(billed, book, None, ()), *payment_entries(paid, book, NO_RATE, None)]
    entries += fee_entries(fee("2026-03-02T12:00:05+01:00", "0.89"), book, None)
    held = {"1200": "41.58", "2100": "-5.65", "4000": "-36.82", "6000": "0.89"}
    assert balance(book, entries, "2026-03-09") == held

    back = money_back("2026-03-10T12:00:00+01:00", "9.99")
    paid_out = CreditRefund("note", "refund", "EUR", 999, void=False)
    entries += credit_note_entries(
        credit("CN-2001", "2026-03-10T12:00:00+01:00", "8.32", "1.67", refunds="9.99"), book, None
    )
    entries += refund_entries(back, book, None)
    entries += credit_refund_entries(paid_out, back, book, None, None)
    assert balance(book, entries, "2026-03-10") == {
        "1200": "31.59",
        "2100": "-3.98",
        "4000": "-28.50",
        "6000": "0.89",
    }


def test_an_american_invoice_that_will_not_be_paid_stays_receivable_until_it_is_written_off():
    book = Book("USD", "America/New_York", "US")
    billed = invoice(
        "US-3001",
        "2026-01-31T23:00:00-05:00",
        line("January", "500.00", "44.38", "USD"),
        currency="USD",
        status=InvoiceStatus.UNCOLLECTIBLE,
    )
    entries = invoice_entries(billed, book, None, ())
    assert balance(book, entries, "2026-01-30") == {}
    assert balance(book, entries, "2026-03-31") == {"1100": "544.38", "2100": "-44.38", "4000": "-500.00"}


def test_yen_are_whole_and_their_tax_is_rounded_once():
    book = Book("JPY", "Asia/Tokyo", "JP")
    lines = (line("a", "1234", "123", "JPY"), line("b", "5678", "568", "JPY"))
    billed = invoice("JP-4001", "2026-02-01T00:00:00+09:00", *lines, currency="JPY")
    paid = charge("2026-02-05T10:00:00+09:00", "6503", ("JP-4001", "6503"), currency="JPY")
    entries = [*invoice_entries(billed, book, None, ()), *payment_entries(paid, book, NO_RATE, None)]
    assert balance(book, entries, "2026-02-01") == {"1100": "7603", "2100": "-691", "4000": "-6912"}
    note = credit("JC-4001", "2026-02-03T00:00:00+09:00", "1000", "100", currency="JPY", lowers="1100")
    entries += credit_note_entries(note, book, None)
    entries += fee_entries(fee("2026-02-05T10:00:00+09:00", "234", "JPY"), book, None)
    assert balance(book, entries, "2026-02-04") == {"1100": "6503", "2100": "-591", "4000": "-5912"}
    assert balance(book, entries, "2026-02-28") == {"1200": "6269", "2100": "-591", "4000": "-5912", "6000": "234"}


def test_dinars_that_settle_in_euros_leave_an_exchange_loss_and_no_receivable():
    book = Book("EUR", "Europe/Berlin", "DE")
    rate = Rate(Decimal("2.9850"), "ECB", "2026-04-01")
    billed = invoice("KW-5001", "2026-04-01T10:00:00+02:00", line("plan", "120.000", None, "KWD"), currency="KWD")
    paid = charge(
        "2026-04-03T10:00:00+02:00", "120.000", ("KW-5001", "120.000"), currency="KWD", settled=("EUR", "352.94")
    )
    entries = [*invoice_entries(billed, book, rate, [(120000, "2026-04-03")])]
    entries += payment_entries(paid, book, {"KW-5001": rate}, None)
    assert balance(book, entries, "2026-04-02") == {"1100": "358.20", "4000": "-358.20"}
    kept = fee_entries(fee("2026-04-03T10:00:00+02:00", "11.72"), book, None)
    assert balance(book, [*entries, *kept], "2026-04-30") == {
        "1200": "341.22",
        "4000": "-358.20",
        "6000": "11.72",
        "7000": "5.26",
    }
    rows = trial_balance(part for entry in entries for part in entry.lines)
    assert [(row.role.value, row.currency, row.amount_minor, row.base_minor) for row in rows] == [
        ("1200", "EUR", 35294, 35294),
        ("4000", "KWD", -120000, -35820),
        ("7000", "KWD", 0, 526),
        ("9000", "EUR", -35294, -35294),
        ("9000", "KWD", 120000, 35294),
    ]


def test_what_a_customer_pays_too_much_is_owed_to_them():
    book = Book("EUR", "Europe/Berlin", "DE")
    billed = invoice("O-9001", "2026-01-10T10:00:00+01:00", line("January", "100.00", "19.00"))
    paid = charge("2026-01-12T10:00:00+01:00", "150.00", ("O-9001", "119.00"))
    entries = [*invoice_entries(billed, book, None, ()), *payment_entries(paid, book, NO_RATE, None)]
    entries += fee_entries(fee("2026-01-12T10:00:00+01:00", "0.75"), book, None)
    assert balance(book, entries, "2026-01-31") == {
        "1200": "149.25",
        "2100": "-19.00",
        "2300": "-31.00",
        "4000": "-100.00",
        "6000": "0.75",
    }

    next_one = invoice("O-9002", "2026-02-10T10:00:00+01:00", line("February", "50.00", "9.50"), from_balance="31.00")
    rest = charge("2026-02-10T10:00:05+01:00", "28.50", ("O-9002", "28.50"))
    entries += invoice_entries(next_one, book, None, ())
    entries += payment_entries(rest, book, NO_RATE, None)
    entries += fee_entries(fee("2026-02-10T10:00:05+01:00", "0.68"), book, None)
    assert balance(book, entries, "2026-02-28") == {
        "1200": "177.07",
        "2100": "-28.50",
        "4000": "-150.00",
        "6000": "1.43",
    }


def test_a_downgrade_gives_credit_with_an_invoice_below_nothing():
    book = Book("EUR", "Europe/Berlin", "DE")
    first = invoice("U-1", "2026-01-01T10:00:00+01:00", line("plan A", "31.00", "5.89"))
    upgrade = invoice(
        "U-2",
        "2026-01-17T00:00:00+01:00",
        line("unused A", "-15.00", "-2.85"),
        line("B", "30.00", "5.70"),
    )
    downgrade = invoice(
        "U-3",
        "2026-01-25T00:00:00+01:00",
        line("unused B", "-14.00", "-2.66"),
        line("A", "7.00", "1.33"),
        from_balance="-8.33",
    )
    assert (upgrade.total_minor, downgrade.total_minor) == (1785, -833)
    entries = []
    for billed in (first, upgrade, downgrade):
        entries += invoice_entries(billed, book, None, ())
    for paid_at, amount, of, cost in (
        ("2026-01-01T10:00:05+01:00", "36.89", "U-1", "0.80"),
        ("2026-01-17T00:00:05+01:00", "17.85", "U-2", "0.52"),
    ):
        entries += payment_entries(charge(paid_at, amount, (of, amount)), book, NO_RATE, None)
        entries += fee_entries(fee(paid_at, cost), book, None)
    assert balance(book, entries, "2026-01-31") == {
        "1200": "53.42",
        "2100": "-7.41",
        "2300": "-8.33",
        "4000": "-39.00",
        "6000": "1.32",
    }


def test_every_account_has_a_code_of_its_own_and_a_name_and_they_stand_in_order():
    codes = [role.value for role in AccountRole]
    assert codes == sorted(set(codes))
    assert all(code.isdigit() and len(code) == 4 for code in codes)
    assert len({role.label for role in AccountRole}) == len(codes)
    assert AccountRole("1100") is AccountRole.RECEIVABLE
