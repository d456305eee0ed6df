"""Every switch of what is general knowledge, seen in both positions."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from sandbox.xero.rules import Rules
from tests.sandbox.xero.conftest import NOBODY, Client, invoice, line
from tests.sandbox.xero.test_bank import transfer
from tests.sandbox.xero.test_journals_quotes_tracking import entry, journal


def put(client: Client, **fields_: Any) -> dict[str, Any]:
    return client.ok("PUT", "/Invoices", invoice(**fields_))


def status(client: Client, *request: Any) -> int:
    return client.call(*request).status_code


def paid(client: Client, row: dict[str, Any], amount: Any, **fields_: Any) -> dict[str, Any]:
    payment = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "1200"}, "Date": "2026-03-05"}
    return client.ok("PUT", "/Payments", {**payment, "Amount": amount, **fields_})


def kind_of_answer(client: Client) -> str:
    return client.call("GET", "/Organisation", Accept="*/*").headers["Content-Type"].partition(";")[0]


def refused_by_a_limit(client: Client) -> Any:
    client.admin("limits", {"enforced": True, "day": 0})
    return client.call("GET", "/Organisation")


def half_bad_batch(client: Client) -> tuple[int, int]:
    code = status(client, "PUT", "/Contacts", {"Contacts": [{"Name": "Ada"}, {"Name": ""}]})
    return code, len(client.ok("GET", "/Contacts"))


def lines_in_a_list(client: Client) -> int:
    put(client)
    return len(client.ok("GET", "/Invoices")[0]["LineItems"])


def refresh(client: Client, token: str) -> Any:
    form = {name: client.credentials[name] for name in ("client_id", "client_secret")}
    form |= {"grant_type": "refresh_token", "refresh_token": token}
    return client.session.post(f"{client.base_url}/connect/token", data=form, timeout=30)


def second_use_of_a_refresh_token(client: Client) -> int:
    old = client.credentials["refresh_token"]
    client.credentials["refresh_token"] = refresh(client, old).json()["refresh_token"]
    return refresh(client, old).status_code


def call_out_of_scope(client: Client) -> int:
    pair = ("xero_sandbox_custom_client", "xero_sandbox_custom_client_secret")
    form = {"grant_type": "client_credentials", "scope": "accounting.settings"}
    bought = client.session.post(f"{client.base_url}/connect/token", data=form, auth=pair, timeout=30).json()
    bearer = f"Bearer {bought['access_token']}"
    return client.call("GET", "/Contacts", Authorization=bearer).status_code


def two_with_one_number(client: Client) -> int:
    client.ok("PUT", "/Contacts", {"Name": "Ada", "ContactNumber": "n1"})
    return status(client, "PUT", "/Contacts", {"Name": "Bob", "ContactNumber": "n1"})


def moment_of_a_document_is_kept_by_a_merge(client: Client) -> bool:
    row = put(client)
    bob = client.ok("PUT", "/Contacts", {"Name": "Bob"})["ContactID"]
    client.admin("clock", {"offset_seconds": 60})
    client.admin("merge_contacts", {"contacts": [row["Contact"]["ContactID"]], "into": bob})
    (after,) = client.ok("GET", f"/Invoices/{row['InvoiceID']}")
    return bool(after["UpdatedDateUTC"] == row["UpdatedDateUTC"])


def voiding_for_an_archived_contact(client: Client) -> int:
    row = put(client)
    client.ok("POST", f"/Contacts/{row['Contact']['ContactID']}", {"ContactStatus": "ARCHIVED"})
    return status(client, "POST", f"/Invoices/{row['InvoiceID']}", {"Status": "VOIDED"})


def unknown_tracking(client: Client) -> int:
    lines = [line(Tracking=[{"Name": "Nothing", "Option": "x"}])]
    return status(client, "PUT", "/Invoices", invoice(LineItems=lines))


def approval_of_next_to_nothing(client: Client) -> tuple[int, int]:
    without_lines, undated = invoice(LineItems=None), invoice(DueDate=None)
    return status(client, "PUT", "/Invoices", without_lines), status(client, "PUT", "/Invoices", undated)


def reopened(client: Client) -> tuple[str, Any]:
    row = put(client)
    payment = paid(client, row, 119)
    client.ok("POST", f"/Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    (after,) = client.ok("GET", f"/Invoices/{row['InvoiceID']}")
    return after["Status"], after["AmountDue"]


def change_of_what_is_part_paid(client: Client) -> list[int]:
    """The second change would leave less than was paid."""
    row = put(client)
    paid(client, row, 50)
    changes = ({"LineItems": [line(UnitAmount=price)]} for price in (200, 10))
    return [status(client, "POST", f"/Invoices/{row['InvoiceID']}", change) for change in changes]


def number_of_a_deleted_draft(client: Client) -> int:
    row = put(client, InvoiceNumber="A-1", Status="DRAFT")
    client.ok("POST", f"/Invoices/{row['InvoiceID']}", {"Status": "DELETED"})
    return status(client, "PUT", "/Invoices", invoice(InvoiceNumber="A-1"))


def dollars(client: Client) -> tuple[Any, ...]:
    """An omitted rate; what 119 dollars at the rate 2 move; the rate of 119 dollars that moved 238 euros."""
    first, second, third = (
        put(client, CurrencyCode="USD", Reference=str(place), **more)
        for place, more in enumerate(({}, {"CurrencyRate": 2}, {}))
    )
    moved = paid(client, second, 119, CurrencyRate=2)["BankAmount"]
    return first["CurrencyRate"], moved, paid(client, third, 119, BankAmount=238)["CurrencyRate"]


def into_another_currency(client: Client) -> int:
    payment = {"Invoice": {"InvoiceID": put(client)["InvoiceID"]}, "Date": "2026-03-05", "Amount": 1}
    return status(client, "PUT", "/Payments", {**payment, "Account": {"Code": "1201"}})


def payment_out_of_its_batch(client: Client) -> tuple[int, int]:
    payments = [{"Invoice": {"InvoiceID": put(client)["InvoiceID"]}, "Amount": 100}]
    body = {"Account": {"Code": "1200"}, "Date": "2026-03-10", "Payments": payments}
    made = client.ok("PUT", "/BatchPayments", body)
    deleted = {"Status": "DELETED"}
    alone = status(client, "POST", f"/Payments/{made['Payments'][0]['PaymentID']}", deleted)
    return alone, status(client, "POST", f"/BatchPayments/{made['BatchPaymentID']}", deleted)


def journal_on_bank_and_debtors(client: Client) -> list[int]:
    pairs = (("1200", "200"), ("610", "200"))
    bodies = (journal(JournalLines=[entry(1, one), entry(-1, other)]) for one, other in pairs)
    return [status(client, "PUT", "/ManualJournals", body) for body in bodies]


def events_of_a_payment(client: Client) -> int:
    def told() -> int:
        state = client.session.get(f"{client.base_url}/_sandbox/state", timeout=30).json()
        return int(state["webhooks"]["sequence"])

    row = put(client)
    before = told()
    paid(client, row, 119)
    return told() - before


def known_words(client: Client) -> list[bool]:
    """Whether each refusal whose wording is general knowledge is told in it."""
    row = put(client)
    client.ok("PUT", "/Contacts", {"Name": "Ada"})
    pay = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "1200"}, "Date": "2026-03-05"}
    asked = (
        ("/Contacts", {"Name": "Ada"}, "is already assigned to another contact. The contact name must be unique"),
        ("/Invoices", invoice(LineItems=[line(AccountCode="999")]), "Account code '999' is not a valid code"),
        ("/Payments", {**pay, "Amount": 5000}, "Payment amount exceeds the amount outstanding on this document"),
        ("/Invoices", invoice(CurrencyCode="XAF"), "Organisation is not subscribed to currency XAF"),
        ("/Items", {"Code": "A", "SalesDetails": {"AccountCode": "999"}}, "Account code '999' is not a valid code"),
    )
    told = [client.call("PUT", path, body) for path, body, _ in asked]
    client.admin("organisation", {"period_lock_date": "2027-12-31"})
    told.append(client.call("PUT", "/Invoices", invoice()))
    assert {answer.status_code for answer in told} == {400}
    known = [*(words for _, _, words in asked), "The document date cannot be before the period lock date"]
    return [words in answer.text for words, answer in zip(known, told, strict=True)]


def deleted_item_among_the_changes(client: Client) -> int:
    (made,) = [client.ok("PUT", "/Items", {"Code": "GONE"})]
    client.call("DELETE", f"/Items/{made['ItemID']}")
    told = client.call("GET", "/Items", If_Modified_Since="2020-01-01T00:00:00").json()["Items"]
    assert client.ok("GET", "/Items") == []
    return len(told)


def contact_of_a_document_after_a_merge(client: Client) -> str:
    row = put(client)
    bob = client.ok("PUT", "/Contacts", {"Name": "Bob"})["ContactID"]
    client.admin("merge_contacts", {"contacts": [row["Contact"]["ContactID"]], "into": bob})
    (after,) = client.ok("GET", f"/Invoices/{row['InvoiceID']}")
    return str(after["Contact"]["Name"])


Seen = Callable[[Client], Any]
SWITCHES: dict[str, tuple[Seen, Any, Any]] = {
    "answers_are_xml_unless_json_is_accepted": (kind_of_answer, "text/xml", "application/json"),
    "answers_carry_a_correlation_id": (
        lambda client: "Xero-Correlation-Id" in client.call("GET", "/Organisation").headers,
        True,
        False,
    ),
    "errors_are_summarised_by_default": (half_bad_batch, (400, 0), (200, 1)),
    "missing_things_are_plain_404s": (
        lambda client: client.call("GET", f"/Invoices/{NOBODY}").text,
        "The resource you're looking for cannot be found",
        (
            '{"ErrorNumber":17,"Type":"ObjectDoesNotExistException",'
            '"Message":"The resource you\'re looking for cannot be found"}'
        ),
    ),
    "unpaged_lists_are_summaries": (lines_in_a_list, 0, 1),
    "limit_problems_are_in_lower_case": (
        lambda client: refused_by_a_limit(client).headers["X-Rate-Limit-Problem"],
        "day",
        "Daily",
    ),
    "limit_refusals_have_no_body": (lambda client: refused_by_a_limit(client).text, "", "Too many requests"),
    "refusals_are_in_known_words": (known_words, [True] * 6, [False] * 6),
    "deleted_items_never_show": (deleted_item_among_the_changes, 0, 1),
    "rotated_refresh_tokens_have_grace": (second_use_of_a_refresh_token, 200, 400),
    "scopes_are_enforced": (call_out_of_scope, 401, 200),
    "unconnected_tenants_are_forbidden": (
        lambda client: client.call("GET", "/Organisation", xero_tenant_id=NOBODY).status_code,
        403,
        401,
    ),
    "contact_numbers_are_unique": (two_with_one_number, 400, 200),
    "documents_follow_a_merge": (contact_of_a_document_after_a_merge, "Bob", "Ada Lovelace"),
    "documents_of_merged_contacts_keep_their_moment": (moment_of_a_document_is_kept_by_a_merge, True, False),
    "documents_of_archived_contacts_stay_as_they_are": (voiding_for_an_archived_contact, 400, 200),
    "line_total_must_match": (
        lambda client: status(client, "PUT", "/Invoices", invoice(LineItems=[line(LineAmount=99.99)])),
        400,
        200,
    ),
    "unknown_tracking_is_refused": (unknown_tracking, 400, 200),
    "approval_needs_lines_and_due_date": (approval_of_next_to_nothing, (400, 400), (200, 200)),
    "zero_totals_are_paid_at_once": (
        lambda client: put(client, LineItems=[line(), line(UnitAmount=-100)])["Status"],
        "PAID",
        "AUTHORISED",
    ),
    "paid_documents_reopen": (reopened, ("AUTHORISED", 119), ("PAID", 119)),
    "documents_with_money_on_them_keep_their_amounts": (change_of_what_is_part_paid, [400, 400], [200, 400]),
    "numbers_of_deleted_drafts_are_free": (number_of_a_deleted_draft, 200, 400),
    "rates_are_foreign_units_for_a_base_unit": (dollars, (1.0847, 59.5, 0.5), (0.921914, 238, 2)),
    "payment_account_must_share_a_currency": (into_another_currency, 400, 200),
    "payments_of_a_batch_are_deleted_together": (payment_out_of_its_batch, (400, 200), (200, 200)),
    "bank_transfers_stay_in_one_currency": (
        lambda client: status(client, "PUT", "/BankTransfers", transfer(ToBankAccount={"Code": "1301"})),
        400,
        200,
    ),
    "manual_journals_leave_banks_and_debtors_alone": (journal_on_bank_and_debtors, [400, 400], [200, 200]),
    "payments_are_told_as_invoice_updates": (events_of_a_payment, 1, 0),
}


@pytest.mark.parametrize("switch", [one.name for one in fields(Rules)])
def test_a_switch_is_on_until_it_is_off_and_on_again_after_a_reset(client, switch):
    seen, on, off = SWITCHES[switch]
    assert seen(client) == on
    client.admin("reset", {})
    assert client.admin("rules", {switch: False})[switch] is False
    assert seen(client) == off
    client.admin("reset", {})
    assert client.admin("rules", {})[switch] is True
