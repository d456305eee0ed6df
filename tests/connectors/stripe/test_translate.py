import copy
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.stripe import STRIPE
from connectors.stripe.translate import catalogue, documents, movements
from core.entities import ENTITY_TYPES, Address, Application, Customer, InvoiceStatus, LineTax, Payment, Price, TaxRate
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.stripe.rows import (
    COUPON,
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    REFUND,
    SUBSCRIPTION,
    TIERED_PRICE,
    invoice,
    line,
    moved,
    tax,
)


def code(read):
    assert isinstance(read, Problem), read
    return read.reason.code


def changed(row, path, value):
    row = copy.deepcopy(row)
    *outer, last = path
    inner = row
    for step in outer:
        inner = inner[step]
    inner[last] = value
    return row


def test_an_invoice_is_read_with_its_revenue_its_tax_and_its_dates():
    read = documents.invoice(INVOICE)
    assert (read.number, read.customer, read.currency, read.status) == ("RE-1001", "cus_1", "EUR", InvoiceStatus.PAID)
    assert (read.total_minor, read.net_minor, read.tax_minor, read.due_minor) == (128520, 108000, 20520, 0)
    assert read.issued_at == datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
    (only,) = read.lines
    assert (only.discount_minor, only.price, only.product) == (12000, "price_1", "prod_1")
    assert only.unit_amount == Decimal(1200)
    assert only.taxes == (LineTax("txr_1", 108000, 20520, inclusive=False),)
    assert only.service_until == datetime(2027, 1, 15, 7, 0, tzinfo=UTC)


def test_a_one_off_item_has_no_service_period():
    (only,) = documents.invoice(invoice(100, line(100), amount_remaining=0)).lines
    assert (only.service_from, only.service_until) == (None, None)


def test_included_tax_is_not_revenue():
    read = documents.invoice(
        invoice(4247, line(2997, [tax(500, "inclusive", "txr_20")]), line(1250, [tax(65, "inclusive", "txr_55")]))
    )
    assert [only.net_minor for only in read.lines] == [2497, 1185]
    assert (read.total_minor, read.tax_minor) == (4247, 565)


def test_without_an_effective_moment_the_finalised_one_counts():
    read = documents.invoice({**INVOICE, "effective_at": None})
    assert read.issued_at == datetime.fromtimestamp(1768460300, UTC)


def test_a_draft_has_no_number_and_no_date_and_may_not_add_up_yet():
    read = documents.invoice({**INVOICE, "status": "draft", "number": None, "total": 5})
    assert (read.status, read.number, read.issued_at) == (InvoiceStatus.DRAFT, "", None)


def test_lines_that_do_not_make_the_total_are_a_problem():
    read = documents.invoice({**INVOICE, "total": 128521})
    assert code(read) is ReasonCode.TOTALS_DIFFER
    assert read.reason.params == {"lines": "1285.20 EUR", "total": "1285.21 EUR"}


def test_lines_that_are_not_all_there_are_a_problem():
    assert code(documents.invoice(changed(INVOICE, ("lines", "has_more"), True))) is ReasonCode.UNREADABLE_ROW


def test_an_expanded_reference_is_read_like_an_id():
    assert documents.invoice({**INVOICE, "customer": {"id": "cus_9", "object": "customer"}}).customer == "cus_9"


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("usd", 1234, 1234),
        ("jpy", 1234, 1234),
        ("kwd", 12340, 12340),
        ("isk", 120000, 1200),
        ("ugx", 500, 5),
        ("mga", 300, 30000),
        ("huf", 1234, 1234),
        ("twd", 1234, 1234),
    ],
)
def test_stripes_amounts_become_minor_units_of_iso_4217(currency, amount, minor):
    read = documents.invoice(invoice(amount, line(amount), currency=currency, amount_remaining=amount))
    assert (read.total_minor, read.due_minor, read.net_minor) == (minor, minor, minor)


def test_an_amount_finer_than_its_currency_is_unreadable():
    assert code(documents.invoice(invoice(150, line(150), currency="isk"))) is ReasonCode.UNREADABLE_ROW


@pytest.mark.parametrize("currency", ["xxx", "eurr", "xau", "clf", "iqd"])
def test_an_unknown_currency_is_named(currency):
    read = documents.invoice({**INVOICE, "currency": currency})
    assert code(read) is ReasonCode.UNKNOWN_CURRENCY
    assert read.reason.params == {"currency": currency.upper()}


def test_a_unit_price_keeps_all_its_decimals():
    row = {
        "id": "price_1",
        "product": "prod_1",
        "currency": "usd",
        "unit_amount": None,
        "unit_amount_decimal": "0.0125",
    }
    assert catalogue.price(row) == Price("prod_1", "USD", Decimal("0.000125"), "unspecified")
    yen = {**row, "currency": "jpy", "unit_amount_decimal": None, "unit_amount": 1000}
    assert catalogue.price(yen).unit_amount == Decimal(1000)
    tiered = {**row, "unit_amount_decimal": None, "recurring": {"interval": "month", "interval_count": 3}}
    assert (catalogue.price(tiered).unit_amount, catalogue.price(tiered).interval_count) == (None, 3)


def test_a_customer_without_most_fields_is_read():
    assert catalogue.customer({"id": "cus_1", "object": "customer"}) == Customer("")
    full = {"name": "Ada", "email": "a@b.example", "address": {"line1": "1 Way", "state": "NY", "country": "US"}}
    assert catalogue.customer(full).address == Address(line1="1 Way", region="NY", country="US")
    assert catalogue.customer({"name": None, "business_name": "Ada Ltd"}).name == "Ada Ltd"


def test_a_tax_rate_is_exact():
    row = {"display_name": "VAT", "percentage": Decimal("5.5"), "inclusive": True, "country": "FR", "tax_type": "vat"}
    assert catalogue.tax_rate(row) == TaxRate("VAT", Decimal("5.5"), inclusive=True, country="FR", tax_type="vat")


def test_a_payment_tells_what_arrived_and_what_it_paid():
    assert movements.payment(PAYMENT) == Payment(
        customer="cus_1",
        currency="EUR",
        amount_minor=128520,
        succeeded=True,
        received_at=datetime.fromtimestamp(1768460402, UTC),
        applications=(Application("in_1", 128520),),
        settled_currency="USD",
        settled_minor=138545,
        charge="ch_1",
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("payment_intent", "status"), "processing"),
        (("payment_intent", "status"), "a_status_of_tomorrow"),
        (("payment_intent", "latest_charge"), None),
        (("payment_intent", "latest_charge", "balance_transaction"), None),
        (("payment_intent", "latest_charge", "captured"), False),
    ],
)
def test_money_that_has_not_arrived_is_not_told_as_received(path, value):
    read = movements.payment(changed(PAYMENT, path, value))
    assert (read.succeeded, read.received_at, read.settled_minor) == (False, None, 0)


def test_only_what_was_paid_is_applied():
    read = movements.payment(changed(PAYMENT, ("invoice_payments", 0, "status"), "open"))
    assert read.applications == ()


def test_a_charge_without_an_intent_is_a_payment_too():
    charge = {
        **PAYMENT["payment_intent"]["latest_charge"],
        "currency": "eur",
        "amount": 500,
        "amount_captured": 400,
        "customer": None,
    }
    read = movements.payment({"id": "ch_1", "object": "payment", "charge": charge, "invoice_payments": []})
    assert (read.amount_minor, read.customer, read.charge) == (400, None, "ch_1")


def every_field(row, path=()):
    for name, value in row.items() if isinstance(row, dict) else enumerate(row):
        yield (*path, name)
        if isinstance(value, dict | list):
            yield from every_field(value, (*path, name))


ROWS = {
    Kind.COUPON: COUPON,
    Kind.PRICE: TIERED_PRICE,
    Kind.SUBSCRIPTION: SUBSCRIPTION,
    Kind.INVOICE: INVOICE,
    Kind.PAYMENT: PAYMENT,
    Kind.CREDIT_NOTE: CREDIT_NOTE,
    Kind.REFUND: REFUND,
    Kind.BALANCE_TRANSACTION: moved("txn_1", 100, 3),
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("value", [None, "", "x", -1, True, [], {}, [1], 10**30, Decimal("1.5"), {"id": 7}])
def test_no_strange_field_ever_crashes_the_reading(kind, value):
    reads, row = STRIPE.reads[kind], ROWS[kind]
    assert isinstance(reads.entity(row), ENTITY_TYPES[kind])
    for path in every_field(row):
        strange = changed(row, path, value)
        read = reads.entity(strange)
        assert isinstance(read, ENTITY_TYPES[kind] | Problem), path
        if path != ("id",) and not isinstance(read, Problem):
            told = reads.further(strange)
            assert all(isinstance(one, ENTITY_TYPES[of]) and ident for of, ident, one in told), path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("total",), None),
        (("customer",), None),
        (("status",), "a_status_of_tomorrow"),
        (("status",), None),
        (("number",), None),
        (("lines", "data", 0, "amount"), "120000"),
        (("lines", "data", 0, "taxes", 0, "tax_behavior"), "sideways"),
        (("lines", "data", 0, "taxes", 0, "tax_rate_details"), None),
        (("effective_at",), 10**14),
    ],
)
def test_what_is_needed_and_missing_is_named_and_nothing_else_is_told(path, value):
    read = documents.invoice(changed(INVOICE, path, value))
    assert code(read) is ReasonCode.UNREADABLE_ROW
    named = [step for step in path if isinstance(step, str)][-1].removesuffix("_details")
    assert named in read.reason.params["problem"]


def test_more_fields_than_today_change_nothing():
    assert documents.invoice({**INVOICE, "tomorrow": {"a": 1}}) == documents.invoice(INVOICE)


def test_a_tax_of_nothing_without_a_rate_is_no_tax():
    read = documents.invoice(invoice(100, line(100, [{"amount": 0, "tax_behavior": "exclusive"}])))
    assert read.lines[0].taxes == ()


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**9), 10**9),
            st.integers(0, 10**6),
            st.lists(st.tuples(st.integers(-(10**6), 10**6), st.booleans()), max_size=3),
        ),
        max_size=8,
    )
)
def test_net_and_tax_of_any_lines_make_the_total(lines):
    rows, total = [], 0
    for amount, discount, taxes in lines:
        rows.append(
            line(
                amount,
                [tax(of, "inclusive" if inclusive else "exclusive") for of, inclusive in taxes],
                discount_amounts=[{"amount": discount, "discount": "di"}],
            )
        )
        total += amount - discount + sum(of for of, inclusive in taxes if not inclusive)
    read = documents.invoice(invoice(total, *rows))
    assert read.net_minor + read.tax_minor == read.total_minor == total


def test_the_declaration_reads_every_kind_that_it_pulls():
    assert set(STRIPE.reads) == set(Kind) - {Kind.ALLOCATION, Kind.CREDIT_REFUND}
    assert STRIPE.reads[Kind.INVOICE].remote_id(INVOICE) == "in_1"
    assert not STRIPE.writes


def test_a_subscriptions_invoice_names_it():
    parent = {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}}
    assert documents.invoice({**INVOICE, "parent": parent}).subscription == "sub_1"
    assert documents.invoice({**INVOICE, "parent": None}).subscription is None
    assert documents.invoice({**INVOICE, "parent": {"type": "quote_details"}}).subscription is None
