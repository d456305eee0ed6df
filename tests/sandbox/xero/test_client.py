"""Xero's own client library drives every operation, with nothing changed but addresses.

Its models are strict: an answer which it parses has the names and the kinds of value that it expects.
"""

import inspect
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from xero_python.accounting import (
    Account,
    AccountingApi,
    Accounts,
    AccountType,
    Contact,
    Contacts,
    Currency,
    CurrencyCode,
    Invoice,
    Invoices,
    Item,
    Items,
    LineAmountTypes,
    LineItem,
    Payment,
    PaymentDelete,
    Payments,
    Purchase,
    TaxComponent,
    TaxRate,
    TaxRates,
)
from xero_python.exceptions import AccountingBadRequestException, HTTPStatusException

from sandbox.xero.routes import OPERATIONS

STORIES = [Path(__file__), Path(__file__).with_name("test_client_of_credits_and_banks.py")]


def an_invoice(**fields):
    usual = {
        "type": "ACCREC",
        "status": "AUTHORISED",
        "contact": Contact(name="Ada"),
        "date": date(2026, 3, 1),
        "due_date": date(2026, 3, 31),
        "line_amount_types": LineAmountTypes.EXCLUSIVE,
        "line_items": [
            LineItem(
                description="Pro",
                quantity=1,
                unit_amount=Decimal("100.00"),
                account_code="200",
                tax_type="OUTPUT",
            )
        ],
    }
    return Invoice(**{**usual, **fields})


def test_settings(accounting, tenant):
    (organisation,) = accounting.get_organisations(tenant).organisations
    assert organisation.base_currency is CurrencyCode.EUR
    assert {row.code for row in accounting.get_accounts(tenant).accounts} > {"200", "1200"}
    (account,) = accounting.create_account(
        tenant, Account(code="4000", name="Revenue", type=AccountType.REVENUE)
    ).accounts
    assert accounting.get_account(tenant, account.account_id).accounts[0].name == "Revenue"
    (rate,) = accounting.create_tax_rates(
        tenant,
        TaxRates(tax_rates=[TaxRate(name="IVA", tax_components=[TaxComponent(name="IVA", rate=Decimal(21))])]),
    ).tax_rates
    assert accounting.get_tax_rate_by_tax_type(tenant, rate.tax_type).tax_rates[0].effective_rate == 21
    assert len(accounting.get_tax_rates(tenant).tax_rates) == 9
    accounting.update_tax_rate(
        tenant, TaxRates(tax_rates=[TaxRate(name="IVA", status="DELETED", tax_type=rate.tax_type)])
    )
    accounting.create_currency(tenant, Currency(code=CurrencyCode.GBP))
    assert len(accounting.get_currencies(tenant).currencies) == 3
    changed = Accounts(accounts=[Account(name="More revenue")])
    assert accounting.update_account(tenant, account.account_id, changed).accounts[0].code == "4000"
    accounting.delete_account(tenant, account.account_id)


def test_items(accounting, tenant):
    items = Items(
        [Item(code="price_1", name="Pro", sales_details=Purchase(unit_price=Decimal(49), account_code="200"))]
    )
    (made,) = accounting.create_items(tenant, items, summarize_errors=False).items
    accounting.update_or_create_items(tenant, Items(items=[Item(code="price_1", name="Pro plan")]))
    assert accounting.get_items(tenant).items[0].name == "Pro plan"
    assert accounting.get_item(tenant, made.item_id).items[0].sales_details.unit_price == 49
    renamed = Items(items=[Item(code="price_2")])
    assert accounting.update_item(tenant, made.item_id, renamed).items[0].name == "Pro plan"
    accounting.delete_item(tenant, made.item_id)
    assert accounting.get_items(tenant).items == []


def test_contacts(accounting, tenant):
    (made,) = accounting.create_contacts(
        tenant, Contacts(contacts=[Contact(name="Ada", contact_number="cus_1")])
    ).contacts
    accounting.update_or_create_contacts(
        tenant, Contacts(contacts=[Contact(name="Ada", email_address="a@example.com")])
    )
    accounting.update_contact(tenant, made.contact_id, Contacts(contacts=[Contact(tax_number="DE1")]))
    (found,) = accounting.get_contacts(tenant, where='Name=="Ada"', page=1, page_size=10, summary_only=True).contacts
    assert (found.email_address, found.tax_number) == ("a@example.com", "DE1")
    assert accounting.get_contact(tenant, made.contact_id).contacts[0].contact_number == "cus_1"
    assert accounting.get_contact_by_contact_number(tenant, "cus_1").contacts[0].name == "Ada"


def test_invoices_and_payments(accounting, tenant):
    (made,) = accounting.create_invoices(
        tenant, Invoices(invoices=[an_invoice(invoice_number="A-1")]), idempotency_key="k1", unitdp=4
    ).invoices
    assert (made.total, made.date, made.line_items[0].tax_amount) == (119, date(2026, 3, 1), 19)
    accounting.update_or_create_invoices(tenant, Invoices(invoices=[an_invoice(invoice_number="A-2")]))
    accounting.update_invoice(tenant, made.invoice_id, Invoices(invoices=[Invoice(reference="in_1")]))
    found = accounting.get_invoices(
        tenant,
        if_modified_since=datetime.now(UTC) - timedelta(days=1),
        where='Status=="AUTHORISED"',
        order="InvoiceNumber ASC",
        statuses=["AUTHORISED"],
        invoice_numbers=["A-1", "A-2"],
        page=1,
        page_size=50,
    )
    assert [row.reference for row in found.invoices] == ["in_1", ""]
    assert (found.pagination.item_count, found.pagination.page_count) == (2, 1)
    payment = Payment(
        invoice=Invoice(invoice_id=made.invoice_id),
        account=Account(code="1200"),
        date=date(2026, 3, 5),
        amount=Decimal("119.00"),
        reference="pi_1",
    )
    (paid,) = accounting.create_payments(tenant, Payments(payments=[payment])).payments
    assert (paid.payment_type, paid.invoice.status) == ("ACCRECPAYMENT", "PAID")
    assert accounting.get_invoice(tenant, "A-1").invoices[0].fully_paid_on_date == date(2026, 3, 5)
    assert accounting.get_payment(tenant, paid.payment_id).payments[0].bank_amount == 119
    accounting.delete_payment(tenant, paid.payment_id, PaymentDelete(status="DELETED"))
    (again,) = accounting.create_payment(tenant, payment).payments
    rows = accounting.get_payments(tenant, where='Reference=="pi_1"', page=1).payments
    assert [row.status for row in rows] == ["DELETED", "AUTHORISED"]
    assert again.payment_id != paid.payment_id


def test_a_refusal_is_read_by_the_client(accounting, tenant):
    accounting.create_invoices(tenant, Invoices(invoices=[an_invoice(invoice_number="A-1")]))
    with pytest.raises(AccountingBadRequestException) as refused:
        accounting.create_invoices(tenant, Invoices(invoices=[an_invoice(invoice_number="A-1")]))
    assert refused.value.error_data["Elements"][0]["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]
    batch = Invoices(invoices=[an_invoice(invoice_number="A-1"), an_invoice(invoice_number="A-2")])
    rows = accounting.create_invoices(tenant, batch, summarize_errors=False).invoices
    assert [(row.has_errors, row.status_attribute_string) for row in rows] == [(True, "ERROR"), (False, "OK")]
    assert rows[0].validation_errors[0].message == "Invoice # must be unique."


def test_tokens_are_refreshed_and_connections_listed_by_the_client(sdk, identity, accounting, tenant, client):
    (connection,) = identity.get_connections()
    assert connection.tenant_id == tenant
    client.admin("clock", {"offset_seconds": 3600})
    with pytest.raises(HTTPStatusException) as refused:
        accounting.get_organisations(tenant)
    assert refused.value.status == 401
    sdk.refresh_oauth2_token()
    assert accounting.get_organisations(tenant).organisations[0].name == "Sandbox Software GmbH"
    identity.delete_connection(connection.id)
    assert identity.get_connections() == []
    sdk.revoke_oauth2_token()
    sdk.last_response.close()  # xero-python never reads this answer, so it keeps the connection


def test_every_operation_that_is_played_is_driven_by_the_client_in_some_story():
    methods = defaultdict(set)
    for name, method in vars(AccountingApi).items():
        source = inspect.getsource(method) if inspect.isfunction(method) else ""
        path = re.search(r'get_resource_url\(\s*"([^"]+)"', source)
        verb = re.search(r'call_api\(\s*url,\s*"([A-Z]+)"', source)
        if path and verb:
            methods[f"{verb[1]} {path[1]}"].add(name)
    driven = set(re.findall(r"\baccounting\.(\w+)\(", "".join(story.read_text("utf-8") for story in STORIES)))
    assert [operation for operation in OPERATIONS if not methods[operation] & driven] == []
