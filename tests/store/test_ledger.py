from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from core.accounts import AccountRole
from core.entities import Invoice, InvoiceStatus
from core.kinds import Kind
from core.money import UnknownCurrency
from core.postings import BalanceRow, Entry, PostingLine, Rate, Unbalanced
from core.store import ledger, schema

RECEIVABLE, REVENUE = AccountRole.RECEIVABLE, AccountRole.REVENUE


@pytest.fixture
def record_id(shop, customer_id):
    return document(shop, customer_id)


def document(shop, customer_id):
    record_id = shop.store.new_id()
    draft = Invoice(customer_id, InvoiceStatus.DRAFT, "EUR", "", None, None, (), 0, 0, 0)
    shop.save(Kind.INVOICE, {record_id: draft})
    return record_id


def entry(minor, on="2026-03-02", currency="EUR", base=None, rate=None):
    base = minor if base is None else base
    lines = (PostingLine(RECEIVABLE, currency, minor, base), PostingLine(REVENUE, currency, -minor, -base, 0))
    return Entry("invoice", on, lines, rate)


def post(shop, record_id, *entries):
    shop.do(ledger.post, shop.book_id, "EUR", {record_id: (None, entries)})


def balances(shop, until=None):
    with shop.store.read() as database:
        rows = ledger.balances(database, shop.workspace_id, shop.book_id, until)
    return {(row.role, row.currency): (row.amount_minor, row.base_minor) for row in rows}


def test_what_is_posted_stands_in_the_trial_balance(shop, record_id):
    post(shop, record_id, entry(1000))
    with shop.store.read() as database:
        assert ledger.balances(database, shop.workspace_id, shop.book_id) == (
            BalanceRow(RECEIVABLE, "EUR", 1000, 1000),
            BalanceRow(REVENUE, "EUR", -1000, -1000),
        )


def test_the_same_entries_posted_again_change_nothing(shop, record_id):
    post(shop, record_id, entry(1000))
    before = shop.all(schema.entry), shop.all(schema.posting)
    post(shop, record_id, entry(1000))
    assert (shop.all(schema.entry), shop.all(schema.posting)) == before


def test_what_is_no_longer_right_is_reversed_on_its_own_date_and_never_edited(shop, record_id):
    post(shop, record_id, entry(1000, on="2026-03-02"))
    [first] = shop.all(schema.entry)
    lines = shop.all(schema.posting)
    shop.clock.sleep(40 * 86400)
    post(shop, record_id, entry(900, on="2026-04-11"))
    by_id = {row.id: row for row in shop.all(schema.entry)}
    assert by_id.pop(first.id) == first
    assert [row for row in shop.all(schema.posting) if row.entry_id == first.id] == lines
    [reversal] = [row for row in by_id.values() if row.reverses_id == first.id]
    assert (reversal.posted_on, reversal.event) == ("2026-03-02", "invoice reversed")
    assert [line.amount_minor for line in shop.all(schema.posting) if line.entry_id == reversal.id] == [-1000, 1000]
    assert balances(shop) == {(RECEIVABLE, "EUR"): (900, 900), (REVENUE, "EUR"): (-900, -900)}
    assert balances(shop, "2026-04-10") == {}


def test_a_void_document_leaves_nothing_and_its_return_stands_again(shop, record_id):
    for entries, expected in [((entry(1000),), 1000), ((), 0), ((entry(1000),), 1000), ((), 0)]:
        post(shop, record_id, *entries)
        assert balances(shop).get((RECEIVABLE, "EUR"), (0, 0)) == (expected, expected)
    assert len(shop.all(schema.entry)) == 4


def test_an_entry_is_reversed_once(shop, record_id):
    post(shop, record_id, entry(1000))
    post(shop, record_id)
    before = len(shop.all(schema.entry))
    post(shop, record_id)
    assert len(shop.all(schema.entry)) == before
    [reversal] = [row for row in shop.all(schema.entry) if row.reverses_id]
    twice = dict(reversal._mapping) | {"id": shop.store.new_id()}
    with pytest.raises(IntegrityError):
        shop.write(lambda work: work.connection.execute(schema.entry.insert().values(twice)))


def test_only_what_differs_is_reversed_and_added(shop, record_id):
    post(shop, record_id, entry(1000), entry(50, on="2026-03-03"))
    post(shop, record_id, entry(1000), entry(70, on="2026-03-03"))
    assert sorted(row.event for row in shop.all(schema.entry)) == ["invoice", "invoice", "invoice", "invoice reversed"]
    assert balances(shop)[RECEIVABLE, "EUR"] == (1070, 1070)


def test_balances_are_those_at_the_end_of_a_day(shop, record_id):
    post(shop, record_id, entry(100, on="2026-03-31"), entry(20, on="2026-04-01"), entry(3, on="2026-10-01"))
    ends = {"2026-03-30": 0, "2026-03-31": 100, "2026-04-01": 120, "2026-09-30": 120, "2026-10-01": 123}
    for until, amount in ends.items():
        assert balances(shop, until).get((RECEIVABLE, "EUR"), (0, 0))[0] == amount, until


def test_currencies_and_their_worth_in_base_are_kept_apart(shop, customer_id, record_id):
    rate = Rate(Decimal("0.90"), "ecb", "2026-03-02")
    post(shop, record_id, entry(1000, currency="USD", base=900, rate=rate))
    post(shop, document(shop, customer_id), entry(500))
    assert balances(shop) == {
        (RECEIVABLE, "EUR"): (500, 500),
        (RECEIVABLE, "USD"): (1000, 900),
        (REVENUE, "EUR"): (-500, -500),
        (REVENUE, "USD"): (-1000, -900),
    }
    kept = [(row.rate, row.rate_source, row.rate_on) for row in shop.all(schema.entry)]
    assert kept == [(Decimal("0.90"), "ecb", "2026-03-02"), (None, "", "")]


def test_an_entry_that_does_not_balance_is_never_stored(shop, record_id):
    wrong = Entry("invoice", "2026-03-02", (PostingLine(RECEIVABLE, "EUR", 1000, 1000),))
    with pytest.raises(Unbalanced):
        post(shop, record_id, wrong)
    assert shop.all(schema.entry) == []


def test_whatever_is_posted_and_posted_over_the_books_balance_and_say_the_last(shop, customer_id):
    record_ids = [document(shop, customer_id) for _ in range(2)]
    amounts = st.lists(st.integers(-(10**15), 10**15), max_size=3, unique=True)
    last = {}

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(record_ids), amounts)
    def post_over(record_id, wanted):
        post(shop, record_id, *(entry(minor) for minor in wanted))
        last[record_id] = wanted
        found = balances(shop)
        assert sum(amount for amount, _ in found.values()) == 0
        expected = sum(sum(minors) for minors in last.values())
        assert found.get((RECEIVABLE, "EUR"), (0, 0)) == (expected, expected)

    post_over()


def test_the_books_of_another_tenant_are_not_in_the_balance(shop, other, record_id):
    post(shop, record_id, entry(1000))
    assert balances(other) == {}


def test_a_rate_is_the_last_one_known_on_the_day(shop):
    for on, value in (("2026-03-01", "0.91"), ("2026-03-05", "0.92000000000000000001")):
        shop.do(ledger.set_rate, shop.book_id, "USD", on, Decimal(value), "ecb")

    def rate(on, currency="USD"):
        with shop.store.read() as database:
            return ledger.rate_on(database, shop.workspace_id, shop.book_id, currency, on)

    assert rate("2026-02-28") is None
    assert rate("2026-03-04") == Rate(Decimal("0.91"), "ecb", "2026-03-01")
    assert rate("2026-03-05").value == Decimal("0.92000000000000000001"), "to the last digit"
    assert rate("2026-03-05", "GBP") is None


def test_a_rate_is_a_fact_that_is_not_overwritten_and_its_currency_exists(shop):
    shop.do(ledger.set_rate, shop.book_id, "USD", "2026-03-01", Decimal("0.91"), "ecb")
    with pytest.raises(IntegrityError):
        shop.do(ledger.set_rate, shop.book_id, "USD", "2026-03-01", Decimal("0.99"), "typed")
    with pytest.raises(UnknownCurrency):
        shop.do(ledger.set_rate, shop.book_id, "XQQ", "2026-03-01", Decimal(1), "typed")
