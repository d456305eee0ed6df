from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.xero.conftest import invoice, line

CLOCK_STEP = 60


@pytest.fixture
def five(client):
    """Five invoices, a minute apart, the odd ones of Ada and the even ones of Bob."""
    rows = []
    for place in range(1, 6):
        client.admin("clock", {"offset_seconds": place * CLOCK_STEP})
        body = invoice(
            InvoiceNumber=f"A-{place}",
            Reference=f"in_{place}",
            Status="DRAFT" if place == 5 else "AUTHORISED",
            Contact={"Name": "Ada" if place % 2 else "Bob"},
            Date=f"2026-03-0{place}",
            LineItems=[line(UnitAmount=place * 100, TaxType="NONE")],
        )
        rows.append(client.ok("PUT", "/Invoices", body))
    return rows


@pytest.fixture
def numbers(client):
    return lambda query: [int(row["InvoiceNumber"][2:]) for row in client.ok("GET", f"/Invoices?{query}")]


def test_pages_tell_where_they_are(client, five):
    body = client.call("GET", "/Invoices?page=2&pageSize=2").json()
    assert body["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 3, "itemCount": 5}
    assert [row["InvoiceNumber"] for row in body["Invoices"]] == ["A-3", "A-4"]
    assert client.call("GET", "/Invoices?page=4&pageSize=2").json()["Invoices"] == []


def test_a_page_has_a_hundred_rows_unless_asked_and_a_thousand_at_most(client, five):
    assert client.call("GET", "/Invoices?page=1").json()["pagination"]["pageSize"] == 100
    assert client.call("GET", "/Invoices?pageSize=5000").json()["pagination"]["pageSize"] == 1000


@pytest.mark.parametrize("name", ["Invoices", "Contacts", "CreditNotes", "BankTransactions", "Payments"])
@pytest.mark.parametrize("query", ["page=1", "pageSize=1"])
def test_a_list_that_has_pages_tells_of_them(client, name, query):
    assert client.call("GET", f"/{name}?{query}").json()["pagination"]["page"] == 1


@pytest.mark.parametrize("name", ["ManualJournals", "Overpayments", "Prepayments"])
def test_rarer_lists_have_pages_too(client, name):
    assert client.call("GET", f"/{name}?page=1").json()["pagination"]["itemCount"] == 0


@pytest.mark.parametrize("name", ["Accounts", "Items", "TaxRates", "BankTransfers", "Currencies"])
def test_a_list_without_pages_is_whole_whatever_page_is_asked_for(client, name):
    client.ok("PUT", "/Items", [{"Code": "a"}, {"Code": "b"}])
    transfer = {"FromBankAccount": {"Code": "1200"}, "ToBankAccount": {"Code": "1300"}, "Amount": 1}
    client.ok("PUT", "/BankTransfers", [transfer, {**transfer, "Amount": 2}])
    answer = client.call("GET", f"/{name}?page=1&pageSize=1").json()
    assert len(answer[name]) >= 2
    assert "pagination" not in answer


def test_lines_stand_in_pages_and_single_answers_but_not_in_unpaged_lists(client, five):
    assert all(row["LineItems"] for row in client.ok("GET", "/Invoices?page=1"))
    assert all(row["LineItems"] == [] for row in client.ok("GET", "/Invoices"))
    assert all(row["LineItems"] == [] for row in client.ok("GET", "/Invoices?page=1&summaryOnly=true"))
    assert client.ok("GET", "/Invoices/A-1")[0]["LineItems"]


def test_what_was_changed_since_a_moment_is_read_with_if_modified_since(client, five, numbers):
    now = datetime.now(UTC)
    since = (now + timedelta(seconds=3.5 * CLOCK_STEP)).strftime("%Y-%m-%dT%H:%M:%S")
    changed = client.ok("GET", "/Invoices", If_Modified_Since=since)
    assert [row["InvoiceNumber"] for row in changed] == ["A-4", "A-5"]
    client.admin("clock", {"offset_seconds": 6 * CLOCK_STEP})
    body = {
        "Invoice": {"InvoiceNumber": "A-1"},
        "Account": {"Code": "1200"},
        "Date": "2026-03-09",
        "Amount": 1,
    }
    client.ok("PUT", "/Payments", body)
    client.ok("POST", "/Invoices", {"InvoiceID": five[1]["InvoiceID"], "Status": "VOIDED"})
    changed = client.ok("GET", "/Invoices?page=1", If_Modified_Since=since)
    assert [row["InvoiceNumber"] for row in changed] == ["A-4", "A-5", "A-1", "A-2"]
    late = (now + timedelta(days=1)).isoformat()
    assert client.ok("GET", "/Invoices", If_Modified_Since=late) == []


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ('InvoiceNumber=="A-3"', [3]),
        ('Type=="ACCREC" AND Status=="AUTHORISED"', [1, 2, 3, 4]),
        ('Status != "AUTHORISED"', [5]),
        ("Total>300", [4, 5]),
        ("Total >= 300.00 && AmountDue <= 400", [3, 4]),
        ("Date >= DateTime(2026, 3, 4)", [4, 5]),
        ("Date==DateTime(2026,03,02)", [2]),
        ("Date < DateTime(2026,3,2,0,0,0) or Date > DateTime(2026,3,4)", [1, 5]),
        ('(InvoiceNumber=="A-1" OR InvoiceNumber=="A-2") AND Contact.Name=="Bob"', [2]),
        ('InvoiceNumber=="A-1" OR InvoiceNumber=="A-2" AND Contact.Name=="Bob"', [1, 2]),
        ('Reference.Contains("n_4")', [4]),
        ('Reference.StartsWith("in_") AND Reference.EndsWith("5")', [5]),
        ("Reference==null", []),
        ("Reference!=null AND SentToContact==false", [1, 2, 3, 4, 5]),
        ('InvoiceNumber=="A\\"3"', []),
        ('Reference=="in_9" OR Total == -1', []),
    ],
)
def test_where_picks_rows(client, five, where, wanted):
    found = client.session.get(
        f"{client.base_url}/api.xro/2.0/Invoices", params={"where": where}, headers=client.headers, timeout=30
    ).json()["Invoices"]
    assert [int(row["InvoiceNumber"][2:]) for row in found] == wanted


def test_where_compares_ids_in_any_case(five, numbers):
    contact, row = five[0]["Contact"]["ContactID"], five[2]["InvoiceID"]
    assert numbers(f'where=Contact.ContactID==guid("{contact}")') == [1, 3, 5]
    assert numbers(f'where=InvoiceID==Guid("{row.upper()}")') == [3]
    assert numbers(f'where=Contact.ContactID==guid("{contact}")%26%26Total>200') == [3, 5]


@pytest.mark.parametrize(
    "where",
    [
        "Nothing==1",
        "Total=>1",
        "Total>",
        "(Total>1",
        'Total>1 "x"',
        "Date==DateTime(2026,13,1)",
        "Date==DateTime(2026,1)",
        "Total==maybe",
        'Total>"a"',
        "==1",
        "Reference.Contains(1)",
        "Total #",
        "(" * 50 + "Total==1" + ")" * 50,
        "Total==1 OR " * 1000 + "Total==1",
    ],
)
def test_a_where_that_cannot_be_read_is_a_query_parse_exception(client, five, where):
    answer = client.session.get(
        f"{client.base_url}/api.xro/2.0/Invoices", params={"where": where}, headers=client.headers, timeout=30
    )
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 16)
    assert answer.json()["Type"] == "QueryParseException"


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        ("InvoiceNumber DESC", [5, 4, 3, 2, 1]),
        ("Total", [1, 2, 3, 4, 5]),
        ("Contact.Name ASC, Date DESC", [5, 3, 1, 4, 2]),
        ("UpdatedDateUTC ASC", [1, 2, 3, 4, 5]),
        ("UpdatedDateUTC DESC", [5, 4, 3, 2, 1]),
    ],
)
def test_order_sorts_rows(numbers, five, order, wanted):
    assert numbers(f"order={order}") == wanted
    assert numbers(f"order={order}&page=1&pageSize=2") == wanted[:2]


def test_order_by_change_follows_the_latest_change(client, numbers, five):
    client.ok("POST", "/Invoices", {"InvoiceID": five[0]["InvoiceID"], "Reference": "new"})
    assert numbers("order=UpdatedDateUTC ASC") == [2, 3, 4, 5, 1]
    assert numbers("order=UpdatedDateUTC ASC&where=Total<300") == [2, 1]


@pytest.mark.parametrize("order", ["Nothing", "Total SIDEWAYS", "Total,,"])
def test_an_order_that_cannot_be_read_is_a_query_parse_exception(client, order):
    assert client.call("GET", f"/Invoices?order={order}").json()["ErrorNumber"] == 16


def test_rows_are_named_by_ids_numbers_contacts_and_statuses(numbers, five):
    ids = ",".join(row["InvoiceID"] for row in (five[3], five[1]))
    ada = five[0]["Contact"]["ContactID"]
    assert numbers(f"IDs={ids}") == [4, 2]
    assert numbers("InvoiceNumbers=A-1,A-9,A-3") == [1, 3]
    assert numbers(f"ContactIDs={ada}") == [1, 3, 5]
    assert numbers("Statuses=DRAFT,VOIDED") == [5]
    assert numbers(f"ContactIDs={ada}&Statuses=AUTHORISED&page=1") == [1, 3]
    assert numbers(f"IDs={ids}&InvoiceNumbers=A-4") == [4]
    assert numbers("IDs=nothing") == []


def test_invoices_are_searched_by_number_reference_and_contact(numbers, five):
    assert numbers("searchTerm=BOB") == [2, 4]
    assert numbers("searchTerm=in_3") == [3]


def test_a_summary_list_and_its_pages_hold_the_same_rows(client, five):
    whole = [row["InvoiceID"] for row in client.ok("GET", "/Invoices")]
    paged = [row["InvoiceID"] for page in range(1, 4) for row in client.ok("GET", f"/Invoices?page={page}&pageSize=2")]
    assert paged == whole
