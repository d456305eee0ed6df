"""What a lock date keeps closed: every kind of document, however it would be written.

Each story makes what it needs while nothing is locked and brings back the request that would touch January.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.xero.conftest import Client, invoice, line
from tests.sandbox.xero.test_bank import fee, transfer
from tests.sandbox.xero.test_credits import credit_note, receipt
from tests.sandbox.xero.test_journals_quotes_tracking import journal

LOCKED_DAY, OPEN_DAY = "2026-01-15", "2026-02-15"
PERIOD = "The document date cannot be before the period lock date, currently set at 31-Jan-2026"
YEAR = "The document date cannot be before the end of year lock date, currently set at 31-Jan-2026"

Request = tuple[str, str, Any]
Story = Callable[[Client, str], Request]
"""Given the day on which the document or the payment stands."""


def creating(path: str, body: Callable[..., dict[str, Any]], **fields: Any) -> Story:
    return lambda _client, day: ("PUT", path, body(Date=day, **fields))


def changing(path: str, id_name: str, body: Callable[..., dict[str, Any]], change: Any, **fields: Any) -> Story:
    def story(client: Client, day: str) -> Request:
        made = client.ok("PUT", path, body(Date=day, **fields))
        return "POST", f"{path}/{made[id_name]}", change

    return story


def moving_into_it(path: str, id_name: str, body: Callable[..., dict[str, Any]]) -> Story:
    def story(client: Client, day: str) -> Request:
        made = client.ok("PUT", path, body(Date="2026-03-15"))
        return "POST", f"{path}/{made[id_name]}", {"Date": day}

    return story


def payment_of(client: Client, day: str, name: str, id_name: str, document: dict[str, Any]) -> dict[str, Any]:
    return {name: {id_name: document[id_name]}, "Account": {"Code": "1200"}, "Date": day, "Amount": 10}


def paying(path: str, name: str, id_name: str, body: Callable[..., dict[str, Any]], **fields: Any) -> Story:
    def story(client: Client, day: str) -> Request:
        document = client.ok("PUT", path, body(Date=LOCKED_DAY, **fields))
        return "PUT", "/Payments", payment_of(client, day, name, id_name, document)

    return story


def unpaying(path: str, name: str, id_name: str, body: Callable[..., dict[str, Any]], **fields: Any) -> Story:
    def story(client: Client, day: str) -> Request:
        document = client.ok("PUT", path, body(Date=LOCKED_DAY, **fields))
        made = client.ok("PUT", "/Payments", payment_of(client, day, name, id_name, document))
        return "POST", f"/Payments/{made['PaymentID']}", {"Status": "DELETED"}

    return story


def allocating(source: str, credits_path: str, id_name: str, body: Callable[..., dict[str, Any]]) -> Story:
    def story(client: Client, day: str) -> Request:
        credit = client.ok("PUT", source, body(Date=LOCKED_DAY))
        owed = client.ok("PUT", "/Invoices", invoice(Date=LOCKED_DAY))
        wanted = {"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": 10, "Date": day}
        return "PUT", f"{credits_path}/{credit[id_name]}/Allocations", wanted

    return story


def taking_back(allocate: Story) -> Story:
    def story(client: Client, day: str) -> Request:
        method, path, body = allocate(client, day)
        return "DELETE", f"{path}/{client.ok(method, path, body)['AllocationID']}", None

    return story


def batch(client: Client, day: str) -> Request:
    owed = client.ok("PUT", "/Invoices", invoice(Date=LOCKED_DAY))
    payments = [{"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": 10}]
    return "PUT", "/BatchPayments", {"Account": {"Code": "1200"}, "Date": day, "Payments": payments}


def ending_a_batch(client: Client, day: str) -> Request:
    made = client.ok(*batch(client, day))
    return "POST", f"/BatchPayments/{made['BatchPaymentID']}", {"Status": "DELETED"}


def prepaid(**fields: Any) -> dict[str, Any]:
    return receipt("RECEIVE-PREPAYMENT", **fields)


INVOICE = ("/Invoices", "InvoiceID", invoice)
NOTE = ("/CreditNotes", "CreditNoteID", credit_note)
MONEY = ("/BankTransactions", "BankTransactionID", fee)
JOURNAL = ("/ManualJournals", "ManualJournalID", journal)
ALLOCATIONS = {
    "credit note": allocating("/CreditNotes", "/CreditNotes", "CreditNoteID", credit_note),
    "overpayment": allocating("/BankTransactions", "/Overpayments", "OverpaymentID", receipt),
    "prepayment": allocating("/BankTransactions", "/Prepayments", "PrepaymentID", prepaid),
}
STORIES: dict[str, Story] = {
    "invoice made": creating("/Invoices", invoice),
    "invoice changed": changing(*INVOICE, {"Reference": "new"}),
    "invoice moved in": moving_into_it(*INVOICE),
    "invoice moved out": changing(*INVOICE, {"Date": "2026-03-15"}),
    "invoice approved": changing(*INVOICE, {"Status": "AUTHORISED"}, Status="DRAFT"),
    "invoice voided": changing(*INVOICE, {"Status": "VOIDED"}),
    "draft deleted": changing(*INVOICE, {"Status": "DELETED"}, Status="DRAFT"),
    "bill made": creating("/Invoices", invoice, Type="ACCPAY", LineItems=[line(AccountCode="404")]),
    "credit note made": creating("/CreditNotes", credit_note),
    "credit note changed": changing(*NOTE, {"Reference": "new"}),
    "credit note moved in": moving_into_it(*NOTE),
    "credit note voided": changing(*NOTE, {"Status": "VOIDED"}),
    "draft credit note deleted": changing(*NOTE, {"Status": "DELETED"}, Status="DRAFT"),
    "payment made": paying("/Invoices", "Invoice", "InvoiceID", invoice),
    "payment deleted": unpaying("/Invoices", "Invoice", "InvoiceID", invoice),
    "refund of a credit note made": paying("/CreditNotes", "CreditNote", "CreditNoteID", credit_note),
    "refund of a credit note deleted": unpaying("/CreditNotes", "CreditNote", "CreditNoteID", credit_note),
    "refund of an overpayment made": paying("/BankTransactions", "Overpayment", "OverpaymentID", receipt),
    "refund of a prepayment deleted": unpaying("/BankTransactions", "Prepayment", "PrepaymentID", prepaid),
    **{f"{kind} allocated": story for kind, story in ALLOCATIONS.items()},
    **{f"allocation of a {kind} taken back": taking_back(story) for kind, story in ALLOCATIONS.items()},
    "overpayment made": creating("/BankTransactions", receipt),
    "overpayment voided": changing("/BankTransactions", "BankTransactionID", receipt, {"Status": "DELETED"}),
    "prepayment made": creating("/BankTransactions", prepaid),
    "prepayment voided": changing("/BankTransactions", "BankTransactionID", prepaid, {"Status": "DELETED"}),
    "bank transaction made": creating("/BankTransactions", fee),
    "bank transaction changed": changing(*MONEY, {"Reference": "new"}),
    "bank transaction moved in": moving_into_it(*MONEY),
    "bank transaction deleted": changing(*MONEY, {"Status": "DELETED"}),
    "transfer made": creating("/BankTransfers", transfer),
    "transfer deleted": changing("/BankTransfers", "BankTransferID", transfer, {"Status": "DELETED"}),
    "batch made": batch,
    "batch deleted": ending_a_batch,
    "journal made": creating("/ManualJournals", journal),
    "journal changed": changing(*JOURNAL, {"Narration": "new"}),
    "journal moved in": moving_into_it(*JOURNAL),
    "journal voided": changing(*JOURNAL, {"Status": "VOIDED"}),
    "draft journal deleted": changing(*JOURNAL, {"Status": "DELETED"}, Status="DRAFT"),
}


@pytest.mark.parametrize(("lock", "words"), [("period_lock_date", PERIOD), ("end_of_year_lock_date", YEAR)])
@pytest.mark.parametrize("what", STORIES)
def test_nothing_in_a_locked_period_is_written_until_it_is_unlocked(client, what, lock, words):
    method, path, body = STORIES[what](client, LOCKED_DAY)
    client.admin("organisation", {lock: "2026-01-31"})
    assert client.refused(method, path, body) == [words]
    assert client.calls()[-1]["effects"] == []
    client.admin("organisation", {lock: None})
    assert client.call(method, path, body).status_code == 200


@pytest.mark.parametrize("what", STORIES)
def test_what_stands_after_the_lock_date_is_written_though_older_documents_are_locked(client, what):
    """Payments and allocations stand on their own day, whatever the day of the invoice."""
    method, path, body = STORIES[what](client, OPEN_DAY)
    client.admin("organisation", {"period_lock_date": "2026-01-31", "end_of_year_lock_date": "2025-12-31"})
    assert client.call(method, path, body).status_code == 200


def test_the_lock_date_itself_is_locked_and_both_locks_speak(client):
    client.admin("organisation", {"period_lock_date": "2026-01-31", "end_of_year_lock_date": "2026-01-31"})
    assert client.refused("PUT", "/Invoices", invoice(Date="2026-01-31")) == [PERIOD, YEAR]
    assert client.ok("PUT", "/Invoices", invoice(Date="2026-02-01"))["Status"] == "AUTHORISED"


def test_quotes_book_nothing_and_are_not_locked(client):
    client.admin("organisation", {"period_lock_date": "2026-01-31"})
    quote = {"Contact": {"Name": "Ada Lovelace"}, "Date": LOCKED_DAY, "LineItems": [line()]}
    assert client.ok("PUT", "/Quotes", quote)["Status"] == "DRAFT"


def test_the_organisation_shows_its_lock_dates(client):
    client.admin("organisation", {"period_lock_date": "2026-02-28", "end_of_year_lock_date": "2025-12-31"})
    (organisation,) = client.ok("GET", "/Organisation")
    assert organisation["PeriodLockDate"] == "/Date(1772236800000+0000)/"
    assert organisation["EndOfYearLockDate"] == "/Date(1767139200000+0000)/"
