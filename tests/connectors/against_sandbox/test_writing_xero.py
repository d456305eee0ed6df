from dataclasses import replace

import pytest

from connectors.contract import Stored
from connectors.stripe.client import EVERYTHING
from connectors.xero import XERO
from core.entities import Customer, InvoiceStatus
from core.errors import OutcomeUnknown, RetryAfter
from core.kinds import Kind
from core.reasons import Problem, ReasonCode
from tests.connectors.against_sandbox.conftest import all_rows


@pytest.fixture
def books(gateway, ledger, sold):
    """Everything that was sold, delivered to the ledger; (origin id, row sent, outcome) by kind."""
    delivered, sales = {}, all_rows(gateway.client, EVERYTHING)
    for kind in (Kind.CUSTOMER, Kind.PRICE, Kind.INVOICE):
        documents = [
            ledger.document(kind, row["id"], gateway.entity(kind, row), rate="0.925" if currency(row) == "usd" else "")
            for (of, _), row in sales.items()
            if of is kind
        ]
        delivered[kind] = (documents, *ledger.deliver(kind, *documents))
    documents = []
    for row in [row for (of, _), row in sales.items() if of is Kind.PAYMENT]:
        payment = gateway.entity(Kind.PAYMENT, row)
        (part,) = XERO.writes[Kind.PAYMENT].parts(payment)
        choices = {"clearing_account": "1201" if payment.currency == "USD" else "1200"}
        rate = "0.93" if payment.currency == "USD" else ""
        documents.append(
            ledger.document(
                Kind.PAYMENT, row["id"], payment, part=ledger.ids[Kind.INVOICE, part], choices=choices, rate=rate
            )
        )
    delivered[Kind.PAYMENT] = (documents, *ledger.deliver(Kind.PAYMENT, *documents))
    return delivered


def currency(row):
    return row.get("currency")


def test_the_ledger_stores_every_document_to_the_cent(gateway, ledger, sold, books):
    rows, _ = pages(ledger, Kind.INVOICE)
    totals = {row["Reference"]: (row["Total"], row["AmountDue"], row["Status"]) for row in rows}
    for made in sold:
        total, due, status = totals[made["id"]]
        assert (total * 100, due, status) == (made["total"], 0, "PAID")


def pages(ledger, kind):
    rows, cursor = [], None
    for _ in range(10):
        page = ledger.client.changes(kind, cursor)
        rows += page.rows.values()
        cursor = page.cursor
        if not page.more:
            return rows, cursor
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("kind", [Kind.CUSTOMER, Kind.PRICE, Kind.INVOICE, Kind.PAYMENT])
def test_a_question_finds_what_is_there_and_not_what_is_not(ledger, books, kind):
    _, rows, outcomes = books[kind]
    found = ledger.ask(kind, rows)
    assert [one.remote_id for one in found] == [one.remote_id for one in outcomes]
    writes = XERO.writes[kind]
    assert all(writes.differs(row, one.row) == {} for row, one in zip(rows, found, strict=True))
    strangers = [{**row, "ContactNumber": "x", "Code": "x", "InvoiceNumber": "x", "Reference": "x"} for row in rows]
    assert ledger.ask(kind, strangers) == [None] * len(rows)


@pytest.mark.parametrize("kind", [Kind.CUSTOMER, Kind.PRICE, Kind.INVOICE, Kind.PAYMENT])
def test_what_was_written_is_fetched_and_told_as_changed(ledger, books, kind):
    _, _, outcomes = books[kind]
    ids = [one.remote_id for one in outcomes]
    assert set(ledger.client.fetch(kind, ids)) == {(kind, remote_id) for remote_id in ids}
    rows, cursor = pages(ledger, kind)
    assert {XERO.reads[kind].remote_id(row) for row in rows} >= set(ids)
    assert all(XERO.reads[kind].version(row) for row in rows)
    again = ledger.client.changes(kind, cursor)
    assert not again.more


def test_an_id_that_is_not_there_is_absent(ledger):
    nobody = "11111111-2222-3333-4444-555555555555"
    for kind in (Kind.CUSTOMER, Kind.INVOICE, Kind.PAYMENT):
        assert ledger.client.fetch(kind, [nobody]) == {}
    assert ledger.client.fetch(Kind.PRICE, ["nothing"]) == {}


def test_a_taken_name_is_refused_alone_and_its_neighbour_goes_on(ledger):
    first = ledger.document(Kind.CUSTOMER, "cus_a", Customer("Ada"))
    ledger.deliver(Kind.CUSTOMER, first)
    twin = ledger.document(Kind.CUSTOMER, "cus_b", Customer("Ada"))
    other = ledger.document(Kind.CUSTOMER, "cus_c", Customer("Grace"))
    _, outcomes = ledger.push(Kind.CUSTOMER, twin, other)
    assert isinstance(outcomes[0], Problem)
    assert outcomes[0].reason.code is ReasonCode.NAME_TAKEN
    assert outcomes[0].reason.params["name"] == "Ada"
    assert isinstance(outcomes[1], Stored)


def test_a_used_invoice_number_is_refused_in_xeros_words(ledger, books):
    _, rows, _ = books[Kind.INVOICE]
    writes = XERO.writes[Kind.INVOICE]
    stranger = {**rows[0], "Reference": "in_other"}
    answer = ledger.client.push(writes.call([stranger], True, "again"))
    (outcome,) = writes.answer([stranger], answer)
    assert outcome.reason.code is ReasonCode.NUMBER_TAKEN
    assert outcome.reason.params["number"] == rows[0]["InvoiceNumber"]
    assert ledger.ask(Kind.INVOICE, [stranger]) == [None]


def test_a_currency_that_the_ledger_lacks_is_named(gateway, ledger, sold, books):
    _, rows, _ = books[Kind.INVOICE]
    writes = XERO.writes[Kind.INVOICE]
    pounds = {**rows[0], "CurrencyCode": "GBP", "InvoiceNumber": "GBP-1", "CurrencyRate": 1}
    (outcome,) = writes.answer([pounds], ledger.client.push(writes.call([pounds], True, "gbp")))
    assert outcome.reason.code is ReasonCode.CURRENCY_NOT_IN_LEDGER
    assert outcome.reason.params["currency"] == "GBP"


def test_an_account_that_is_not_usable_is_told_in_xeros_words(ledger, books):
    _, rows, _ = books[Kind.INVOICE]
    writes = XERO.writes[Kind.INVOICE]
    lines = [{**line, "AccountCode": "9999"} for line in rows[0]["LineItems"]]
    wrong = {**rows[0], "InvoiceNumber": "ACC-1", "LineItems": lines}
    (outcome,) = writes.answer([wrong], ledger.client.push(writes.call([wrong], True, "acc")))
    assert outcome.reason.code is ReasonCode.ACCOUNT_NOT_USABLE
    assert "9999" in outcome.reason.params["words"]


@pytest.mark.parametrize(
    "fault", ["commit_then_close", "commit_then_500", "commit_then_truncate", "malformed", "empty"]
)
def test_an_answer_lost_after_the_commit_is_unknown_and_found_by_asking(ledger, fault):
    ledger.admin("faults", {"faults": [{"match": "PUT */Contacts*", "fault": fault}]})
    document = ledger.document(Kind.CUSTOMER, "cus_lost", Customer("Lost"))
    with pytest.raises(OutcomeUnknown):
        ledger.push(Kind.CUSTOMER, document)
    row = XERO.writes[Kind.CUSTOMER].row(document)
    (found,) = ledger.ask(Kind.CUSTOMER, [row])
    assert isinstance(found, Stored)
    assert XERO.writes[Kind.CUSTOMER].differs(row, found.row) == {}


def test_a_write_that_was_turned_away_for_its_rate_was_not_done(ledger):
    turned_away = {"match": "PUT */Contacts*", "fault": "refuse", "status": 429, "headers": {"Retry-After": "7"}}
    ledger.admin("faults", {"faults": [turned_away]})
    with pytest.raises(RetryAfter) as caught:
        ledger.push(Kind.CUSTOMER, ledger.document(Kind.CUSTOMER, "cus_late", Customer("Late")))
    assert caught.value.seconds == 7


def test_a_void_reaches_an_unpaid_invoice_and_not_a_paid_one(gateway, ledger, sold, books):
    (paid, *_), _, _ = books[Kind.INVOICE]
    void = replace(paid.entity, status=InvoiceStatus.VOID)
    _, (refused,) = ledger.push(
        Kind.INVOICE, replace(paid, entity=void, remote_id=ledger.ids[Kind.INVOICE, paid.origin_id])
    )
    assert refused.reason.code is ReasonCode.NOT_CHANGEABLE
    unpaid = replace(paid, origin_id="in_unpaid", entity=replace(paid.entity, number="U-1", status=InvoiceStatus.OPEN))
    ledger.deliver(Kind.INVOICE, unpaid)
    voided = replace(unpaid, entity=void, remote_id=ledger.ids[Kind.INVOICE, "in_unpaid"])
    voided = replace(voided, entity=replace(void, number="U-1"))
    rows, _ = ledger.deliver(Kind.INVOICE, voided)
    (found,) = ledger.ask(Kind.INVOICE, rows)
    assert found.row["Status"] == "VOIDED"


def test_a_change_of_a_contact_is_written_over_it(ledger):
    ledger.deliver(Kind.CUSTOMER, ledger.document(Kind.CUSTOMER, "cus_a", Customer("Ada")))
    first = ledger.ids[Kind.CUSTOMER, "cus_a"]
    ledger.deliver(
        Kind.CUSTOMER, ledger.document(Kind.CUSTOMER, "cus_a", Customer("Ada Lovelace", "ada@books.example"))
    )
    assert ledger.ids[Kind.CUSTOMER, "cus_a"] == first
    row = ledger.client.fetch(Kind.CUSTOMER, [first])[Kind.CUSTOMER, first]
    assert (row["Name"], row["EmailAddress"]) == ("Ada Lovelace", "ada@books.example")


def test_the_organisation_says_who_it_is(ledger):
    assert ledger.client.whoami() == ledger.account
