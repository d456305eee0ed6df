import json
from dataclasses import replace

import pytest
import requests

from connectors.contract import Address, Document, Stored
from connectors.http import Door
from connectors.stripe import STRIPE
from connectors.xero import XERO
from core.book import Book
from core.entities import with_ids
from core.reasons import Problem
from sandbox.server import serve
from sandbox.stripe import Stripe
from sandbox.xero import Xero

BERLIN = Book("EUR", "Europe/Berlin", "DE")
CHOICES = {"income_account": "200", "clearing_account": "1200"}


class Gateway:
    """Stripe's sandbox: a seller's hand on one side, our client on the other."""

    def __init__(self, server, credentials):
        self.base_url = server.base_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {credentials['api_key']}"
        bearer = {"Authorization": f"Bearer {credentials['api_key']}"}
        self.client = STRIPE.client(Door(server.base_url, lambda: bearer), Address(server.base_url))

    def make(self, path, **form):
        answer = self.session.post(f"{self.base_url}/v1/{path}", data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def list(self, path):
        return self.session.get(f"{self.base_url}/v1/{path}?limit=100", timeout=30).json()["data"]

    def calls(self):
        return self.session.get(f"{self.base_url}/_sandbox/calls", timeout=30).json()["calls"]

    def entity(self, kind, row):
        read = STRIPE.reads[kind].entity(row)
        assert not isinstance(read, Problem), read
        return read


class Ledger:
    """Xero's sandbox and our client; knows which of the gateway's ids stands for which of Xero's."""

    def __init__(self, server, credentials):
        self.base_url = server.base_url
        self.account = credentials["tenant_id"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.bearer = bearer = {"Authorization": f"Bearer {credentials['access_token']}"}
        self.client = XERO.client(Door(server.base_url, lambda: bearer), Address(server.base_url, self.account))
        self.ids = {}
        self.tries = 0

    def document(self, kind, origin_id, entity, **fields):
        there = with_ids(entity, lambda of, remote_id: self.ids.get((of, remote_id), remote_id))
        lines = getattr(entity, "lines", ())
        document = Document(
            entity=there,
            origin_id=origin_id,
            name=f"{kind} {origin_id}",
            remote_id=self.ids.get((kind, origin_id)),
            part="",
            book=BERLIN,
            choices=CHOICES,
            line_choices=[{**CHOICES, "tax_code": "OUTPUT" if line.taxes else "NONE"} for line in lines],
        )
        return replace(document, **fields)

    def push(self, kind, *documents):
        """Writes in one push, and says what became of each."""
        writes = XERO.writes[kind]
        rows = [writes.row(document) for document in documents]
        assert not any(isinstance(row, Problem) for row in rows), rows
        self.tries += 1
        call = writes.call(rows, documents[0].remote_id is None, f"key-{self.tries}")
        assert writes.rows(call)
        outcomes = writes.answer(rows, self.client.push(call))
        for document, outcome in zip(documents, outcomes, strict=True):
            if isinstance(outcome, Stored):
                self.ids[kind, document.origin_id] = outcome.remote_id
        return rows, outcomes

    def deliver(self, kind, *documents):
        """Writes what must be stored exactly as it was sent."""
        writes = XERO.writes[kind]
        rows, outcomes = self.push(kind, *documents)
        for row, outcome in zip(rows, outcomes, strict=True):
            assert isinstance(outcome, Stored), outcome
            assert writes.differs(row, outcome.row) == {}
        return rows, outcomes

    def ask(self, kind, rows):
        writes = XERO.writes[kind]
        return writes.found(rows, self.client.ask(writes.question(rows)))

    def admin(self, path, body):
        answer = self.session.post(f"{self.base_url}/_sandbox/{path}", data=json.dumps(body), timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


def all_rows(client, stream):
    """Everything a stream tells from the beginning, by kind and id."""
    rows, cursor, more = {}, None, True
    while more:
        page = client.changes(stream, cursor)
        rows, cursor, more = rows | page.rows, page.cursor, page.more
    return rows


@pytest.fixture
def gateway():
    vendor = Stripe()
    server = serve(vendor)
    yield Gateway(server, vendor.credentials())
    server.close()


@pytest.fixture
def ledger():
    vendor = Xero()
    server = serve(vendor)
    yield Ledger(server, vendor.credentials())
    server.close()


@pytest.fixture
def sold(gateway):
    """Two customers, a price, and paid invoices: in euros with VAT on top, in dollars without."""
    rate = gateway.make("tax_rates", display_name="USt", percentage="19", inclusive="false", country="DE")
    product = gateway.make("products", name="Pro")
    price = gateway.make("prices", product=product["id"], currency="eur", unit_amount="4990")
    made = []
    for name, currency, taxes in (("Ada GmbH", "eur", [rate["id"]]), ("Grace Inc", "usd", [])):
        customer = gateway.make("customers", name=name, email=f"{currency}@books.example")
        method = gateway.make("payment_methods/pm_card_visa/attach", customer=customer["id"])
        gateway.make(f"customers/{customer['id']}", **{"invoice_settings[default_payment_method]": method["id"]})
        invoice = gateway.make("invoices", customer=customer["id"], currency=currency)
        for number in range(12):
            item = {"customer": customer["id"], "invoice": invoice["id"], "description": f"Thing {number}"}
            if currency == "eur" and number == 0:
                item |= {"pricing[price]": price["id"], "quantity": "3"}
            else:
                item |= {"amount": str(333 + number), "currency": currency}
            gateway.make("invoiceitems", **item, **{f"tax_rates[{place}]": tax for place, tax in enumerate(taxes)})
        gateway.make(f"invoices/{invoice['id']}/finalize")
        made.append(gateway.make(f"invoices/{invoice['id']}/pay"))
    return made


@pytest.fixture
def given_back(gateway, sold):
    """What gives money back, by name: credit notes before and after payment, refunds with a credit note and without,
    in euros, dollars, and dinars that settle in euros.
    """

    def credit(invoice, quantity=None, **form):
        line = {"type": "invoice_line_item", "invoice_line_item": invoice["lines"]["data"][0]["id"]}
        line |= {"amount": form.pop("amount")} if quantity is None else {"quantity": quantity}
        named = {f"lines[0][{name}]": value for name, value in line.items()}
        return gateway.make("credit_notes", invoice=invoice["id"], **named, **form)

    def billed(customer, currency, amount, *taxes):
        invoice = gateway.make("invoices", customer=customer, currency=currency)
        item = {"customer": customer, "invoice": invoice["id"], "unit_amount_decimal": amount, "quantity": "3"}
        rates = {f"tax_rates[{place}]": tax for place, tax in enumerate(taxes)}
        gateway.make("invoiceitems", **item, currency=currency, description="Seat", **rates)
        return gateway.make(f"invoices/{invoice['id']}/finalize")

    euros, dollars = sold
    vat = euros["lines"]["data"][0]["taxes"][0]["tax_rate_details"]["tax_rate"]
    lowered = billed(euros["customer"], "eur", "3333", vat)
    before = credit(lowered, 1)
    gateway.make(f"invoices/{lowered['id']}/pay")
    withdrawn = billed(euros["customer"], "eur", "1000", vat)
    void = gateway.make(f"credit_notes/{credit(withdrawn, 1)['id']}/void")
    dinars = gateway.make(f"invoices/{billed(euros['customer'], 'kwd', '40010')['id']}/pay")
    intents = {one["id"]: one for one in gateway.list("payment_intents")}
    paid_by = {one["invoice"]: intents[one["payment"]["payment_intent"]] for one in gateway.list("invoice_payments")}
    alone = gateway.make("refunds", payment_intent=paid_by[dollars["id"]]["id"], amount="400")
    explained = gateway.make("refunds", payment_intent=paid_by[dollars["id"]]["id"], amount="250")
    return {
        "before": before,
        "void": void,
        "after": credit(euros, 1, refund_amount="409"),
        "dinars": credit(dinars, 1, refund_amount="40010"),
        "alone": alone,
        "explained": explained,
        "late": credit(dollars, amount="250", **{"refunds[0][refund]": explained["id"]}),
    }
