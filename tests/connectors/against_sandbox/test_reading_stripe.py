from collections import Counter
from decimal import Decimal

from connectors.stripe import STRIPE
from connectors.stripe.client import EVERYTHING
from core.entities import CreditRefund, Invoice, Payment, TaxRate, Tier
from core.kinds import Kind
from tests.connectors.stripe.rows import LISTS


def everything(client):
    """All rows there are, and the cursor that goes on from there."""
    rows, cursor, pages = {}, {}, 0
    while True:
        page = client.changes(EVERYTHING, cursor)
        rows |= page.rows
        cursor, pages = page.cursor, pages + 1
        assert pages < 50
        if not page.more:
            return rows, cursor


def test_whatever_is_listed_is_the_same_row_when_it_is_fetched(gateway, given_back):
    listed, _ = everything(gateway.client)
    assert {kind for kind, _ in listed} >= set(STRIPE.reads) - {Kind.COUPON, Kind.PROMOTION_CODE, Kind.SUBSCRIPTION}
    for kind in STRIPE.reads:
        ids = [remote_id for of, remote_id in listed if of is kind]
        singly = [gateway.client.fetch(kind, [remote_id]) for remote_id in ids]
        for fetched in [gateway.client.fetch(kind, ids), *singly]:
            assert {key: listed[key] for key in fetched} == fetched
        assert all(gateway.entity(kind, listed[kind, remote_id]) for remote_id in ids)
        assert {key for fetched in singly for key in fetched} >= {(kind, remote_id) for remote_id in ids}


def test_a_subscription_and_its_coupon_that_came_with_invoices_are_the_same_rows_as_fetched_ones(gateway, sold):
    product = gateway.make("products", name="Plan")
    coupon = gateway.make("coupons", percent_off="10", duration="forever")
    made = {}
    for count in (1, 12):
        terms = {"recurring[interval]": "month", "unit_amount": "100"}
        prices = [gateway.make("prices", product=product["id"], currency="eur", **terms) for _ in range(count)]
        items = {f"items[{place}][price]": price["id"] for place, price in enumerate(prices)}
        discounts = {"discounts[0][coupon]": coupon["id"]}
        one = gateway.make("subscriptions", customer=sold[0]["customer"], **items, **discounts)
        made[one["id"]] = count
    before = len(gateway.calls())
    page = gateway.client.changes(EVERYTHING, None)
    while (Kind.INVOICE, sold[0]["id"]) not in page.rows:
        page = gateway.client.changes(EVERYTHING, page.cursor)
    assert not {"/v1/subscriptions", "/v1/coupons"} & {call["path"] for call in gateway.calls()[before:]}
    assert {key: page.rows[key] for key in page.rows if key[0] is Kind.COUPON} == gateway.client.fetch(
        Kind.COUPON, [coupon["id"]]
    )
    for ident, count in made.items():
        fetched = gateway.client.fetch(Kind.SUBSCRIPTION, [ident])
        assert page.rows[Kind.SUBSCRIPTION, ident] == fetched[Kind.SUBSCRIPTION, ident]
        assert len(gateway.entity(Kind.SUBSCRIPTION, page.rows[Kind.SUBSCRIPTION, ident]).items) == count
        latest = fetched[Kind.SUBSCRIPTION, ident]["latest_invoice"]
        assert page.rows[Kind.INVOICE, latest] == gateway.client.fetch(Kind.INVOICE, [latest])[Kind.INVOICE, latest]


def test_an_invoice_comes_with_all_its_lines_and_adds_up(gateway, sold):
    rows = gateway.client.fetch(Kind.INVOICE, [made["id"] for made in sold])
    for made in sold:
        invoice = gateway.entity(Kind.INVOICE, rows[Kind.INVOICE, made["id"]])
        assert isinstance(invoice, Invoice)
        assert (len(invoice.lines), invoice.total_minor, invoice.due_minor) == (12, made["total"], 0)
        assert invoice.net_minor + invoice.tax_minor == made["total"]
    assert gateway.entity(Kind.INVOICE, rows[Kind.INVOICE, sold[0]["id"]]).tax_minor > 0


def test_a_payment_knows_its_invoice_and_when_the_money_arrived(gateway, sold):
    payments, _ = read(gateway, Kind.PAYMENT)
    paid = {}
    for payment in payments.values():
        assert isinstance(payment, Payment)
        assert payment.succeeded
        assert payment.received_at is not None
        assert payment.charge
        paid |= {applied.invoice: applied.amount_minor for applied in payment.applications}
    assert paid == {made["id"]: made["total"] for made in sold}


def test_a_tax_rate_is_what_was_entered(gateway, sold):
    (rate,) = read(gateway, Kind.TAX_RATE)[0].values()
    assert isinstance(rate, TaxRate)
    assert (str(rate.percentage), rate.inclusive, rate.country) == ("19", False, "DE")


def test_what_happens_during_the_first_import_is_told_after_it(gateway, sold):
    page = gateway.client.changes(EVERYTHING, None)
    late = gateway.make("customers", name="Late")
    while page.more:
        page = gateway.client.changes(EVERYTHING, page.cursor)
    told = gateway.client.changes(EVERYTHING, page.cursor)
    assert [one.remote_id for one in told.notifications] == [late["id"]]
    assert not told.more
    again = gateway.client.changes(EVERYTHING, told.cursor)
    assert (again.rows, again.notifications) == ({}, [])


def test_a_deleted_customer_and_an_unknown_id_are_absent(gateway, sold):
    gone = gateway.make("customers", name="Gone")
    assert gateway.client.fetch(Kind.CUSTOMER, [gone["id"]])
    gateway.session.delete(f"{gateway.base_url}/v1/customers/{gone['id']}", timeout=30)
    assert gateway.client.fetch(Kind.CUSTOMER, [gone["id"], "cus_nobody"]) == {}
    assert gateway.client.fetch(Kind.PRODUCT, ["prod_nobody"]) == {}


def test_a_reading_of_everything_is_a_page_of_each_list_and_no_call_for_a_row(gateway, given_back):
    before = len(gateway.calls())
    everything(gateway.client)
    asked = Counter(call["path"] for call in gateway.calls()[before:] if "/lines" not in call["path"])
    del asked["/v1/events"]
    assert asked == dict.fromkeys([f"/v1/{path}" for path in LISTS], 1)


def read(gateway, kind):
    rows = {remote_id: row for (of, remote_id), row in everything(gateway.client)[0].items() if of is kind}
    return {remote_id: gateway.entity(kind, row) for remote_id, row in rows.items()}, rows


def test_credit_notes_tell_what_they_lowered_and_what_they_gave_back(gateway, given_back):
    notes, rows = read(gateway, Kind.CREDIT_NOTE)
    before, after = notes[given_back["before"]["id"]], notes[given_back["after"]["id"]]
    assert (before.due_lowered_minor, before.refunded_minor, before.total_minor) == (3966, 0, 3966)
    assert (after.due_lowered_minor, after.refunded_minor, after.tax_minor) == (0, 409, 65)
    assert [note.void for note in notes.values()].count(True) == 1
    told = [one for row in rows.values() for one in STRIPE.reads[Kind.CREDIT_NOTE].further(row)]
    assert sorted(kind for kind, _, _ in told) == [Kind.ALLOCATION] * 2 + [Kind.CREDIT_REFUND] * 3
    refunds, _ = read(gateway, Kind.REFUND)
    for _, _, paid_out in told:
        if isinstance(paid_out, CreditRefund):
            assert paid_out.amount_minor == refunds[paid_out.refund].covered_minor


def test_a_refund_tells_whose_it_is_and_what_explains_it(gateway, given_back):
    refunds, _ = read(gateway, Kind.REFUND)
    alone, explained = refunds[given_back["alone"]["id"]], refunds[given_back["explained"]["id"]]
    assert (alone.covered_minor, alone.amount_minor, alone.settled_currency) == (0, 400, "USD")
    assert (explained.covered_minor, explained.amount_minor) == (250, 250)
    payments, _ = read(gateway, Kind.PAYMENT)
    assert all(refund.customer == payments[refund.payment].customer for refund in refunds.values())
    (dinars,) = [refund for refund in refunds.values() if refund.currency == "KWD"]
    assert (dinars.amount_minor, dinars.settled_currency, dinars.settled_minor > 0) == (40010, "EUR", True)


def test_every_movement_of_the_balance_is_also_told_beside_what_moved_it(gateway, given_back):
    moved = {row["id"] for row in gateway.list("balance_transactions")}
    movements = dict(read(gateway, Kind.BALANCE_TRANSACTION)[0])
    beside = {}
    for kind in (Kind.PAYMENT, Kind.REFUND):
        for row in read(gateway, kind)[1].values():
            beside |= {ident: one for _, ident, one in STRIPE.reads[kind].further(row)}
    assert {ident: beside[ident] for ident in movements} == movements
    assert beside.keys() == moved
    movements = beside
    assert sum(one.fee_minor for one in movements.values()) > 0


def test_a_credit_note_for_an_earlier_refund_is_news_of_that_refund(gateway, sold):
    _, cursor = everything(gateway.client)
    (intent,) = [one for one in gateway.list("payment_intents") if one["currency"] == "usd"]
    refund = gateway.make("refunds", payment_intent=intent["id"], amount="100")
    cursor = gateway.client.changes(EVERYTHING, cursor).cursor
    gateway.make("credit_notes", invoice=sold[1]["id"], amount="100", **{"refunds[0][refund]": refund["id"]})
    told = gateway.client.changes(EVERYTHING, cursor)
    assert refund["id"] in {one.remote_id for one in told.notifications if one.kind is Kind.REFUND}


def test_new_movements_are_told_as_rows(gateway, sold):
    _, cursor = everything(gateway.client)
    (intent,) = [one for one in gateway.list("payment_intents") if one["currency"] == "usd"]
    refund = gateway.make("refunds", payment_intent=intent["id"], amount="100")
    page = gateway.client.changes(EVERYTHING, cursor)
    assert list(page.rows) == [(Kind.BALANCE_TRANSACTION, refund["balance_transaction"])]
    assert gateway.client.changes(EVERYTHING, page.cursor).rows == {}


def test_tiers_coupons_and_codes_are_read_as_they_were_entered(gateway):
    product = gateway.make("products", name="Metered")
    tiers = {
        "tiers[0][up_to]": "10",
        "tiers[0][flat_amount]": "500",
        "tiers[1][up_to]": "inf",
        "tiers[1][unit_amount_decimal]": "0.25",
    }
    terms = {"billing_scheme": "tiered", "tiers_mode": "volume", "recurring[interval]": "month", **tiers}
    price = gateway.make("prices", product=product["id"], currency="eur", **terms)
    coupon = gateway.make("coupons", percent_off="12.5", duration="forever")
    code = gateway.make(
        "promotion_codes", code="HELLO", **{"promotion[type]": "coupon", "promotion[coupon]": coupon["id"]}
    )
    tiered = read(gateway, Kind.PRICE)[0][price["id"]]
    assert tiered.tiers == (Tier(Decimal(10), Decimal(0), Decimal(5)), Tier(None, Decimal("0.0025"), Decimal(0)))
    assert read(gateway, Kind.COUPON)[0][coupon["id"]].percent_off == Decimal("12.5")
    assert read(gateway, Kind.PROMOTION_CODE)[0][code["id"]].coupon == coupon["id"]
    gateway.session.delete(f"{gateway.base_url}/v1/coupons/{coupon['id']}", timeout=30)
    assert gateway.client.fetch(Kind.COUPON, [coupon["id"]]) == {}


def test_a_subscription_is_read_with_its_items_and_named_by_its_invoice(gateway, sold):
    product = gateway.make("products", name="Plan")
    items = {}
    for place in range(12):
        terms = {"recurring[interval]": "month", "unit_amount": str(100 + place)}
        price = gateway.make("prices", product=product["id"], currency="eur", **terms)
        items[f"items[{place}][price]"] = price["id"]
    made = gateway.make("subscriptions", customer=sold[0]["customer"], **items)
    subscription = read(gateway, Kind.SUBSCRIPTION)[0][made["id"]]
    assert (subscription.status, len(subscription.items)) == ("active", 12)
    assert all(item.period_from < item.period_until for item in subscription.items)
    invoice = gateway.client.fetch(Kind.INVOICE, [made["latest_invoice"]])[Kind.INVOICE, made["latest_invoice"]]
    assert gateway.entity(Kind.INVOICE, invoice).subscription == made["id"]
    gateway.session.delete(f"{gateway.base_url}/v1/subscriptions/{made['id']}", timeout=30)
    assert read(gateway, Kind.SUBSCRIPTION)[0][made["id"]].ended_at is not None
