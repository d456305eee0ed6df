import pytest
import responses
from responses import matchers

from connectors.contract import Address, Call
from connectors.http import Door
from connectors.xero import XERO
from connectors.xero.client import XeroClient
from core.errors import CallRefused, ContractBroken, GrantLost, OutcomeUnknown, RetryAfter
from core.kinds import Kind
from tests.connectors.xero.documents import CONTACT

BASE = "https://api.xero.example"
API = f"{BASE}/api.xro/2.0"
TENANT = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f"
WRITE = Call("PUT", "/api.xro/2.0/Contacts?summarizeErrors=false", b'{"Contacts":[]}', "application/json", "key-1")


@pytest.fixture
def vendor():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client():
    return XeroClient(Door(BASE, lambda: {"Authorization": "Bearer at_sandbox"}), Address(BASE, TENANT))


def test_every_call_names_the_organisation(vendor, client):
    vendor.put(f"{API}/Contacts", json={"Contacts": []})
    client.push(WRITE)
    sent = vendor.calls[0].request
    assert sent.headers["xero-tenant-id"] == TENANT
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["Idempotency-Key"] == "key-1"
    assert sent.headers["Authorization"] == "Bearer at_sandbox"


@pytest.mark.parametrize("body", [{}, [], {"Contacts": {}}, {"Status": "OK"}, "x"])
def test_a_good_status_without_elements_leaves_a_write_unknown(vendor, client, body):
    vendor.put(f"{API}/Contacts", json=body)
    with pytest.raises(OutcomeUnknown):
        client.push(WRITE)


@pytest.mark.parametrize(
    ("status", "error"), [(429, RetryAfter), (503, OutcomeUnknown), (400, CallRefused), (403, GrantLost)]
)
def test_only_the_rate_limit_promises_that_nothing_was_done(vendor, client, status, error):
    vendor.put(f"{API}/Contacts", status=status, json={"Message": "no"})
    with pytest.raises(error):
        client.push(WRITE)


def test_a_consent_that_does_not_reach_the_organisation_is_lost(vendor, client):
    vendor.get(f"{BASE}/connections", json=[{"tenantId": "another"}])
    with pytest.raises(GrantLost):
        client.whoami()
    vendor.replace("GET", f"{BASE}/connections", json=[{"tenantId": "another"}, {"tenantId": TENANT}])
    assert client.whoami() == TENANT
    vendor.replace("GET", f"{BASE}/connections", json={"error": "?"})
    with pytest.raises(GrantLost):
        client.whoami()


def test_a_client_without_an_organisation_yet_takes_the_only_one(vendor):
    client = XeroClient(Door(BASE, dict), Address(BASE))
    vendor.get(f"{BASE}/connections", json=[{"tenantId": TENANT}])
    assert client.whoami() == TENANT
    vendor.replace("GET", f"{BASE}/connections", json=[{"tenantId": TENANT}, {"tenantId": "another"}])
    with pytest.raises(GrantLost):
        client.whoami()


def contact(n, second):
    return {"ContactID": f"{n:08}-0000-4000-8000-000000000000", "UpdatedDateUTC": f"/Date({second}000+0000)/"}


def test_a_list_of_changes_goes_on_from_the_second_of_its_last_row(vendor, client):
    since = {"If-Modified-Since": "2026-01-15T00:08:19"}
    full = [contact(n, 1768435200 + n) for n in range(500)]
    first = vendor.get(
        f"{API}/Contacts",
        json={"Contacts": full},
        match=[
            matchers.query_param_matcher(
                {"order": "UpdatedDateUTC ASC", "page": "1", "pageSize": "500", "includeArchived": "true"}
            )
        ],
    )
    page = client.changes(Kind.CUSTOMER, None)
    assert (len(page.rows), page.more, page.cursor) == (500, True, {"since": "2026-01-15T00:08:19"})
    assert "If-Modified-Since" not in vendor.calls[0].request.headers
    assert first.call_count == 1
    vendor.replace("GET", f"{API}/Contacts", json={"Contacts": full[-1:]}, match=[matchers.header_matcher(since)])
    page = client.changes(Kind.CUSTOMER, page.cursor)
    assert (len(page.rows), page.more, page.cursor) == (1, False, {"since": "2026-01-15T00:07:19"})


def test_a_second_with_more_rows_than_a_page_is_paged_through(vendor, client):
    vendor.get(f"{API}/Contacts", json={"Contacts": [contact(n, 1768435200) for n in range(500)]})
    page = client.changes(Kind.CUSTOMER, {"since": "2026-01-15T00:00:00"})
    assert page.cursor == {"since": "2026-01-15T00:00:00", "page": 2}
    page = client.changes(Kind.CUSTOMER, page.cursor)
    assert page.cursor == {"since": "2026-01-15T00:00:00", "page": 3}
    assert "page=2" in vendor.calls[1].request.url


def test_no_change_keeps_the_cursor(vendor, client):
    vendor.get(f"{API}/Items", json={"Items": []})
    page = client.changes(Kind.PRICE, {"since": "2026-01-15T00:00:00"})
    assert (list(page.rows), page.more, page.cursor) == ([], False, {"since": "2026-01-15T00:00:00"})


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"Invoices": {}},
        {"Invoices": [1]},
        {"Invoices": [{}]},
        {"Invoices": [{"InvoiceID": 5}]},
        {"Invoices": [{"InvoiceID": "x", "UpdatedDateUTC": "soon"}]},
    ],
)
def test_an_answer_that_is_no_list_is_told_as_such(vendor, client, body):
    vendor.get(f"{API}/Invoices", json=body)
    with pytest.raises(ContractBroken):
        client.changes(Kind.INVOICE, None)


def test_many_are_fetched_in_few_calls(vendor, client):
    ids = [f"{n:08}-0000-4000-8000-000000000000" for n in range(60)]
    vendor.get(f"{API}/Contacts", json={"Contacts": [contact(n, 1) for n in range(60)] + [{"ContactID": CONTACT}]})
    assert set(client.fetch(Kind.CUSTOMER, ids)) == {(Kind.CUSTOMER, one) for one in ids}
    assert len(vendor.calls) == 2


def test_the_declaration_writes_what_a_ledger_keeps_and_only_observes_its_rows():
    assert set(XERO.writes) == {
        Kind.CUSTOMER,
        Kind.PRICE,
        Kind.INVOICE,
        Kind.PAYMENT,
        Kind.CREDIT_NOTE,
        Kind.ALLOCATION,
        Kind.REFUND,
        Kind.CREDIT_REFUND,
    }
    # an allocation is shown by its credit note only
    assert set(XERO.pulls) == set(XERO.reads) == set(XERO.writes) - {Kind.ALLOCATION}
    assert all(reads.entity is None for reads in XERO.reads.values())
    assert XERO.writes[Kind.INVOICE].line_slots == ("income_account", "tax_code")


ALLOCATE = Call("PUT", "/api.xro/2.0/CreditNotes/cn/Allocations", b"{}", "application/json")
REMOVE = Call("DELETE", "/api.xro/2.0/CreditNotes/cn/Allocations/al", b"", "application/json", "key-2")


def test_a_removal_is_sent_without_a_body_and_answered_by_itself(vendor, client):
    vendor.delete(f"{API}/CreditNotes/cn/Allocations/al", json={"AllocationID": "al", "IsDeleted": True})
    assert client.push(REMOVE) == {"AllocationID": "al", "IsDeleted": True}
    assert not vendor.calls[0].request.body
    vendor.replace("DELETE", f"{API}/CreditNotes/cn/Allocations/al", json={"AllocationID": "al", "IsDeleted": False})
    with pytest.raises(OutcomeUnknown):
        client.push(REMOVE)


def test_an_allocation_that_is_answered_without_its_id_is_looked_up(vendor, client):
    path = f"{API}/CreditNotes/cn/Allocations"
    vendor.put(path, json={"Allocations": [{"Amount": 1, "Invoice": {"InvoiceID": "in"}, "ValidationErrors": []}]})
    with pytest.raises(OutcomeUnknown):
        client.push(ALLOCATE)
    refused = {"Allocations": [{"Amount": 1, "ValidationErrors": [{"Message": "No"}]}]}
    vendor.replace("PUT", path, json=refused)
    assert client.push(ALLOCATE) == refused
    told = {"Allocations": [{"Amount": 1, "AllocationID": "al"}]}
    vendor.replace("PUT", path, json=told)
    assert client.push(ALLOCATE) == told


@pytest.mark.parametrize(
    ("kind", "plural", "where"),
    [
        (Kind.PAYMENT, "Payments", 'PaymentType=="ACCRECPAYMENT"'),
        (Kind.CREDIT_REFUND, "Payments", 'PaymentType=="ARCREDITPAYMENT"'),
        (Kind.REFUND, "BankTransactions", 'Type=="SPEND"'),
    ],
)
def test_kinds_that_share_a_list_are_told_apart_in_the_question(vendor, client, kind, plural, where):
    vendor.get(f"{API}/{plural}", json={plural: []})
    client.changes(kind, None)
    assert vendor.calls[0].request.params["where"] == where
