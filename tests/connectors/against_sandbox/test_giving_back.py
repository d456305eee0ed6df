"""What was given back at the gateway, written to the ledger by the connectors alone, and equal there to the cent."""

from decimal import Decimal

import pytest

from connectors.contract import Stored
from connectors.stripe import STRIPE
from connectors.stripe.client import EVERYTHING
from connectors.xero import XERO
from core.clock import local_date
from core.errors import NotThere, OutcomeUnknown
from core.kinds import Kind
from core.money import decimal_of
from core.reasons import ReasonCode
from tests.connectors.against_sandbox.conftest import BERLIN, all_rows

USD = Decimal("0.925")
CLEARING = {"EUR": "1200", "USD": "1201"}
WAITING = {"refunds_to_classify": "1250"}


class Hub:
    """The worker's part in a few lines: what the gateway tells, to the ledger, in the order of need."""

    def __init__(self, gateway, ledger):
        self.gateway = gateway
        self.ledger = ledger
        self.entities = {kind: {} for kind in Kind}
        self.sent = {}
        for (kind, remote_id), row in all_rows(gateway.client, EVERYTHING).items():
            self.entities[kind][remote_id] = gateway.entity(kind, row)
            for of, ident, entity in STRIPE.reads[kind].further(row):
                self.entities[of][ident] = entity

    def money(self, kind, entity):
        return self.entities[Kind.REFUND][entity.refund] if kind is Kind.CREDIT_REFUND else entity

    def document(self, kind, ident):
        entity = self.entities[kind][ident]
        fields = {}
        currency = getattr(entity, "currency", "EUR")
        if currency == "USD":
            fields["rate"] = str(USD)
        elif currency != "EUR":
            fields["rate"] = "2.985"
        if kind in {Kind.PAYMENT, Kind.REFUND, Kind.CREDIT_REFUND}:
            money = self.money(kind, entity)
            settled = decimal_of(money.settled_minor, money.settled_currency)
            if money.settled_currency == "EUR" != money.currency:
                fields["rate"] = str(settled / decimal_of(money.amount_minor, money.currency))
            fields |= {"settles_in": money.settled_currency}
            spent = kind is Kind.CREDIT_REFUND and (Kind.REFUND, entity.refund) in self.ledger.ids
            clearing = {"clearing_account": CLEARING[money.settled_currency]}
            fields["choices"] = WAITING if spent else clearing | (WAITING if kind is Kind.REFUND else {})
        if kind is Kind.CREDIT_REFUND:
            fields["date"] = local_date(money.refunded_at, BERLIN.time_zone)
        if kind is Kind.PAYMENT:
            (part,) = XERO.writes[kind].parts(entity)
            fields["part"] = self.ledger.ids[Kind.INVOICE, part]
        return self.ledger.document(kind, ident, entity, **fields)

    def deliver(self, kind):
        """All that is not there yet; the ids of it."""
        writes = XERO.writes[kind]
        new = {ident: entity for ident, entity in self.entities[kind].items() if (kind, ident) not in self.ledger.ids}
        documents = [self.document(kind, ident) for ident, entity in new.items() if writes.owes(entity, False)]
        for start in range(0, len(documents), writes.batch_max):
            batch = documents[start : start + writes.batch_max]
            rows, outcomes = self.ledger.deliver(kind, *batch)
            self.sent.setdefault(kind, []).extend(zip(rows, outcomes, strict=True))
        return [document.origin_id for document in documents]


@pytest.fixture
def books(gateway, ledger, given_back):
    put(ledger, "Currencies", {"Code": "KWD", "Description": "Dinar"})
    waiting = {"Code": "1250", "Name": "Refunds to classify", "Type": "CURRENT", "EnablePaymentsToAccount": True}
    put(ledger, "Accounts", waiting)
    hub = Hub(gateway, ledger)
    for kind in Kind:
        if kind in XERO.writes:
            hub.deliver(kind)
    return hub


def put(ledger, plural, element):
    headers = {"Authorization": ledger.bearer["Authorization"], "xero-tenant-id": ledger.account}
    answer = ledger.session.put(
        f"{ledger.base_url}/api.xro/2.0/{plural}", json=element, headers={**headers, "Accept": "application/json"}
    )
    assert answer.status_code == 200, answer.text


def by_reference(ledger, kind):
    return {row["Reference"]: row for row in all_rows(ledger.client, kind).values()}


def test_every_receivable_is_what_the_gateway_says_is_due(ledger, books):
    there = by_reference(ledger, Kind.INVOICE)
    for ident, invoice in books.entities[Kind.INVOICE].items():
        assert there[ident]["AmountDue"] == decimal_of(invoice.due_minor, invoice.currency), ident


def test_every_credit_note_is_there_and_used_up(ledger, books, given_back):
    there = by_reference(ledger, Kind.CREDIT_NOTE)
    assert given_back["void"]["id"] not in there
    for ident, note in books.entities[Kind.CREDIT_NOTE].items():
        if not note.void:
            row = there[ident]
            assert (row["Total"], row["TotalTax"]) == (
                decimal_of(note.total_minor, note.currency),
                decimal_of(note.tax_minor, note.currency),
            )
            assert (row["RemainingCredit"], row["Status"]) == (0, "PAID")


def test_every_clearing_account_moved_by_what_the_gateways_balance_moved(ledger, books):
    moved = dict.fromkeys(CLEARING.values(), Decimal(0))
    for kind, sign in ((Kind.PAYMENT, 1), (Kind.CREDIT_REFUND, -1)):
        for row in all_rows(ledger.client, kind).values():
            if row["Account"]["Code"] in moved:
                moved[row["Account"]["Code"]] += sign * row["BankAmount"]
    for row in all_rows(ledger.client, Kind.REFUND).values():
        moved[row["BankAccount"]["Code"]] -= row["Total"]
    for currency, account in CLEARING.items():
        money = [*books.entities[Kind.PAYMENT].values()]
        arrived = sum(one.settled_minor for one in money if one.settled_currency == currency)
        left = sum(
            one.settled_minor for one in books.entities[Kind.REFUND].values() if one.settled_currency == currency
        )
        assert moved[account] == decimal_of(arrived - left, currency)


def test_only_the_refund_that_nothing_explains_is_spent(ledger, books, given_back):
    assert list(by_reference(ledger, Kind.REFUND)) == [given_back["alone"]["id"]]


def test_a_refund_that_is_explained_later_is_paid_out_of_where_it_was_put(gateway, ledger, books, given_back, sold):
    alone = given_back["alone"]["id"]
    line = sold[1]["lines"]["data"][1]["id"]
    late = gateway.make(
        "credit_notes",
        invoice=sold[1]["id"],
        **{"lines[0][type]": "invoice_line_item", "lines[0][invoice_line_item]": line, "lines[0][amount]": "300"},
        **{"refunds[0][refund]": alone, "refunds[0][amount_refunded]": "300"},
    )
    later = Hub(gateway, ledger)
    assert later.deliver(Kind.CREDIT_NOTE) == [late["id"]]
    assert later.deliver(Kind.REFUND) == []
    assert later.deliver(Kind.CREDIT_REFUND) == [f"{late['id']}/{alone}"]
    ((row, _),) = later.sent[Kind.CREDIT_REFUND]
    assert (row["Account"], row["Reference"]) == ({"Code": "1250"}, alone)


@pytest.mark.parametrize("kind", [Kind.CREDIT_NOTE, Kind.ALLOCATION, Kind.REFUND, Kind.CREDIT_REFUND])
def test_a_question_finds_what_is_there_and_not_what_is_not(ledger, books, kind):
    writes = XERO.writes[kind]
    for row, outcome in books.sent[kind]:
        (found,) = ledger.ask(kind, [row])
        assert (found.remote_id, writes.differs(row, found.row)) == (outcome.remote_id, {})
        strange = {**row, "CreditNoteNumber": "x", "Reference": "x"}
        if kind is Kind.ALLOCATION:
            strange = {**row, "Invoice": {"InvoiceID": "11111111-2222-3333-4444-555555555555"}}
        assert ledger.ask(kind, [strange]) == [None]


@pytest.mark.parametrize("kind", [Kind.CREDIT_NOTE, Kind.REFUND, Kind.CREDIT_REFUND])
def test_what_was_written_is_fetched_and_told_as_changed(ledger, books, kind):
    ids = {outcome.remote_id for _, outcome in books.sent[kind]}
    assert set(ledger.client.fetch(kind, [*ids])) == {(kind, remote_id) for remote_id in ids}
    assert {XERO.reads[kind].remote_id(row) for row in all_rows(ledger.client, kind).values()} == ids


def test_payments_of_invoices_are_not_mixed_with_those_of_credit_notes(ledger, books):
    paid = {row["PaymentID"] for row in all_rows(ledger.client, Kind.PAYMENT).values()}
    assert paid == {outcome.remote_id for _, outcome in books.sent[Kind.PAYMENT]}


def test_a_void_credit_note_takes_back_its_allocation_and_then_itself(gateway, ledger, books, given_back, sold):
    invoice, note = lowered_invoice(gateway, sold[0]["customer"])
    written = Hub(gateway, ledger)
    for kind in (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.ALLOCATION):
        written.deliver(kind)
    assert by_reference(ledger, Kind.INVOICE)[invoice["id"]]["AmountDue"] == 30
    gateway.make(f"credit_notes/{note['id']}/void")
    voided = Hub(gateway, ledger)
    document = voided.document(Kind.CREDIT_NOTE, note["id"])
    _, (too_early,) = ledger.push(Kind.CREDIT_NOTE, document)
    assert too_early.reason.code in {ReasonCode.NOT_CHANGEABLE, ReasonCode.REFUSED}
    allocation = voided.document(Kind.ALLOCATION, f"{note['id']}/{invoice['id']}")
    ((row,), (removed,)) = ledger.deliver(Kind.ALLOCATION, allocation)
    assert isinstance(removed, Stored)
    assert ledger.ask(Kind.ALLOCATION, [row])[0].remote_id == removed.remote_id
    ((_, (gone,))) = ledger.deliver(Kind.CREDIT_NOTE, document)
    assert gone.row["Status"] == "VOIDED"
    assert by_reference(ledger, Kind.INVOICE)[invoice["id"]]["AmountDue"] == 50


def test_a_used_credit_note_number_is_named(ledger, books):
    row, _ = books.sent[Kind.CREDIT_NOTE][0]
    writes = XERO.writes[Kind.CREDIT_NOTE]
    stranger = {**row, "Reference": "cn_other"}
    (outcome,) = writes.answer([stranger], ledger.client.push(writes.call([stranger], True, "again")))
    assert outcome.reason.code is ReasonCode.NUMBER_TAKEN
    assert outcome.reason.params["number"] == row["CreditNoteNumber"]


def test_more_than_the_credit_is_refused_in_xeros_words(ledger, books):
    row, _ = books.sent[Kind.ALLOCATION][0]
    writes = XERO.writes[Kind.ALLOCATION]
    (outcome,) = writes.answer([row], ledger.client.push(writes.call([row], True, "again")))
    assert outcome.reason.code is ReasonCode.REFUSED
    assert outcome.reason.params["words"]


LOST = ["commit_then_close", "commit_then_500", "malformed"]


@pytest.mark.parametrize("fault", LOST)
def test_an_allocation_whose_answer_was_lost_is_found_and_its_removal_too(gateway, ledger, sold, fault):
    hub = Hub(gateway, ledger)
    for kind in (Kind.CUSTOMER, Kind.PRICE):
        hub.deliver(kind)
    invoice, note = lowered_invoice(gateway, sold[0]["customer"])
    hub = Hub(gateway, ledger)
    for kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
        hub.deliver(kind)
    ledger.admin("faults", {"faults": [{"match": "PUT */Allocations*", "fault": fault}]})
    ident = f"{note['id']}/{invoice['id']}"
    document = hub.document(Kind.ALLOCATION, ident)
    with pytest.raises(OutcomeUnknown):
        ledger.push(Kind.ALLOCATION, document)
    (found,) = ledger.ask(Kind.ALLOCATION, [XERO.writes[Kind.ALLOCATION].row(document)])
    ledger.ids[Kind.ALLOCATION, ident] = found.remote_id
    gateway.make(f"credit_notes/{note['id']}/void")
    removal = Hub(gateway, ledger).document(Kind.ALLOCATION, ident)
    row = XERO.writes[Kind.ALLOCATION].row(removal)
    assert ledger.ask(Kind.ALLOCATION, [row]) == [None]
    ledger.admin("faults", {"faults": [{"match": "DELETE */Allocations*", "fault": fault}]})
    with pytest.raises(OutcomeUnknown):
        ledger.push(Kind.ALLOCATION, removal)
    (removed,) = ledger.ask(Kind.ALLOCATION, [row])
    assert removed.remote_id == found.remote_id
    with pytest.raises(NotThere):
        ledger.push(Kind.ALLOCATION, removal)


def lowered_invoice(gateway, customer):
    invoice = gateway.make("invoices", customer=customer, currency="eur")
    item = {"customer": customer, "invoice": invoice["id"], "amount": "5000", "currency": "eur"}
    gateway.make("invoiceitems", **item, description="Seat")
    gateway.make(f"invoices/{invoice['id']}/finalize")
    return invoice, gateway.make("credit_notes", invoice=invoice["id"], amount="2000")
