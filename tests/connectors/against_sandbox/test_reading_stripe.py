from connectors.stripe import STRIPE
from core.entities import Invoice, Payment, TaxRate
from core.kinds import Kind


def everything(client, kind):
    """All rows from the beginning, and the cursor that goes on from there."""
    rows, cursor, pages = [], None, 0
    while True:
        page = client.changes(kind, cursor)
        rows += page.rows
        cursor, pages = page.cursor, pages + 1
        assert pages < 50
        if not page.more:
            return rows, cursor


def test_every_kind_is_listed_and_fetched_as_the_same_row(gateway, sold):
    for kind in STRIPE.pulls:
        rows, _ = everything(gateway.client, kind)
        fetched = gateway.client.fetch(kind, [row["id"] for row in rows])
        assert list(fetched) == [row["id"] for row in rows]
        assert list(fetched.values()) == rows, kind
        assert all(gateway.entity(kind, row) for row in rows)


def test_an_invoice_comes_with_all_its_lines_and_adds_up(gateway, sold):
    rows = gateway.client.fetch(Kind.INVOICE, [made["id"] for made in sold])
    for made in sold:
        invoice = gateway.entity(Kind.INVOICE, rows[made["id"]])
        assert isinstance(invoice, Invoice)
        assert (len(invoice.lines), invoice.total_minor, invoice.due_minor) == (12, made["total"], 0)
        assert invoice.net_minor + invoice.tax_minor == made["total"]
    assert gateway.entity(Kind.INVOICE, rows[sold[0]["id"]]).tax_minor > 0


def test_a_payment_knows_its_invoice_and_when_the_money_arrived(gateway, sold):
    rows, _ = everything(gateway.client, Kind.PAYMENT)
    paid = {}
    for row in rows:
        payment = gateway.entity(Kind.PAYMENT, row)
        assert isinstance(payment, Payment)
        assert payment.succeeded
        assert payment.received_at is not None
        assert payment.charge
        paid |= {applied.invoice: applied.amount_minor for applied in payment.applications}
    assert paid == {made["id"]: made["total"] for made in sold}


def test_a_tax_rate_is_what_was_entered(gateway, sold):
    rows, _ = everything(gateway.client, Kind.TAX_RATE)
    rate = gateway.entity(Kind.TAX_RATE, rows[0])
    assert isinstance(rate, TaxRate)
    assert (str(rate.percentage), rate.inclusive, rate.country) == ("19", False, "DE")


def test_what_happens_during_the_first_import_is_told_after_it(gateway, sold):
    page = gateway.client.changes(Kind.CUSTOMER, None)
    late = gateway.make("customers", name="Late")
    _, cursor = page.rows, page.cursor
    told = gateway.client.changes(Kind.CUSTOMER, cursor)
    assert late["id"] in {one.remote_id for one in told.notifications}
    assert not told.more
    again = gateway.client.changes(Kind.CUSTOMER, told.cursor)
    assert again.notifications == []


def test_a_deleted_customer_and_an_unknown_id_are_absent(gateway, sold):
    gone = gateway.make("customers", name="Gone")
    assert gateway.client.fetch(Kind.CUSTOMER, [gone["id"]])
    gateway.session.delete(f"{gateway.base_url}/v1/customers/{gone['id']}", timeout=30)
    assert gateway.client.fetch(Kind.CUSTOMER, [gone["id"], "cus_nobody"]) == {}
    assert gateway.client.fetch(Kind.PRODUCT, ["prod_nobody"]) == {}


def test_a_first_import_of_payments_needs_no_call_per_payment(gateway, sold):
    before = len(gateway.calls())
    everything(gateway.client, Kind.PAYMENT)
    assert len(gateway.calls()) - before <= 4
