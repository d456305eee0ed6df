import pytest

from tests.sandbox.xero.conftest import NOBODY, invoice, line


def journal(**fields):
    usual = {
        "Narration": "Recognition of January",
        "Date": "2026-01-31",
        "Status": "POSTED",
        "JournalLines": [
            {"LineAmount": 50.3, "AccountCode": "2200", "Description": "Deferred"},
            {"LineAmount": -50.3, "AccountCode": "200", "Description": "Revenue"},
        ],
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def entry(amount, code, **fields):
    return {"LineAmount": amount, "AccountCode": code, **fields}


def test_a_journal_comes_back_as_it_was_put(client):
    made = client.ok("PUT", "/ManualJournals", journal())
    (row,) = client.ok("GET", f"/ManualJournals/{made['ManualJournalID']}")
    assert (row["Narration"], row["Status"], row["LineAmountTypes"]) == (
        "Recognition of January",
        "POSTED",
        "NoTax",
    )
    assert [(one["LineAmount"], one["AccountCode"], one["TaxType"]) for one in row["JournalLines"]] == [
        (50.3, "2200", "NONE"),
        (-50.3, "200", "NONE"),
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"JournalLines": [entry(100, "404"), entry(-10, "200")]},
            "The total debits (100.00) must equal total credits (-10.00)",
        ),
        ({"JournalLines": [entry(1, "404")]}, "A manual journal needs at least two lines"),
        (
            {"JournalLines": [entry(0, "404"), entry(0, "200")]},
            "A journal line needs a LineAmount other than zero",
        ),
        (
            {"JournalLines": [entry(1, "1200"), entry(-1, "200")]},
            "Account code '1200' is not a valid code for this document.",
        ),
        (
            {"JournalLines": [entry(1, "610"), entry(-1, "200")]},
            "Account code '610' is not a valid code for this document.",
        ),
        (
            {"JournalLines": [entry(1, "999"), entry(-1, "200")]},
            "Account code '999' is not a valid code for this document.",
        ),
        ({"Narration": ""}, "Narration is required"),
        ({"Status": "VOIDED"}, "Manual journal not of valid status for creation"),
        ({"LineAmountTypes": "Net"}, "LineAmountTypes must be Exclusive, Inclusive or NoTax"),
    ],
)
def test_a_journal_that_breaks_a_rule_is_refused(client, fields, message):
    assert client.refused("PUT", "/ManualJournals", journal(**fields)) == [message]


def test_tax_on_top_counts_in_the_balance_of_a_journal(client):
    lines = [entry(100, "404", TaxType="INPUT"), entry(-119, "2200", TaxType="NONE")]
    made = client.ok("PUT", "/ManualJournals", journal(LineAmountTypes="Exclusive", JournalLines=lines))
    assert made["JournalLines"][0]["TaxAmount"] == 19
    lines[0]["TaxType"] = "OUTPUT9"
    (message,) = client.refused("PUT", "/ManualJournals", journal(LineAmountTypes="Exclusive", JournalLines=lines))
    assert message.startswith("The TaxType code 'OUTPUT9' does not exist")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["DRAFT", "POSTED", "VOIDED"], True),
        (["DRAFT", "DELETED"], True),
        (["POSTED", "DRAFT"], False),
        (["POSTED", "DELETED"], False),
        (["POSTED", "VOIDED", "POSTED"], False),
    ],
)
def test_a_journal_walks_only_the_ways_that_xero_knows(client, path, allowed):
    first, *steps, last = path
    made = client.ok("PUT", "/ManualJournals", journal(Status=first))
    url = f"/ManualJournals/{made['ManualJournalID']}"
    for step in steps:
        client.ok("POST", url, {"Status": step})
    if allowed:
        assert client.ok("POST", url, {"Status": last})["Status"] == last
    else:
        assert client.refused("POST", url, {"Status": last}) == ["Manual journal not of valid status for modification"]


def test_a_journal_is_changed_by_id_and_created_without_one(client):
    made = client.ok("POST", "/ManualJournals", journal())
    body = {"ManualJournalID": made["ManualJournalID"], "Narration": "Again"}
    assert client.ok("POST", "/ManualJournals", body)["Narration"] == "Again"
    assert client.refused("POST", "/ManualJournals", body | {"ManualJournalID": NOBODY}) == ["Manual journal not found"]


def test_journals_and_quotes_are_found_by_what_a_person_calls_them(client):
    client.ok("PUT", "/ManualJournals", [journal(), journal(Narration="Other")])
    client.ok("PUT", "/Quotes", [quote(), quote(QuoteNumber="QU-2")])
    for path, field, value in (("ManualJournals", "Narration", "Other"), ("Quotes", "QuoteNumber", "QU-2")):
        assert [row[field] for row in client.ok("GET", f'/{path}?where={field}=="{value}"')] == [value]


def test_journal_lines_stand_in_pages_but_not_in_unpaged_lists(client):
    client.ok("PUT", "/ManualJournals", journal())
    assert client.ok("GET", "/ManualJournals")[0]["JournalLines"] == []
    assert len(client.ok("GET", "/ManualJournals?page=1")[0]["JournalLines"]) == 2


def quote(**fields):
    usual = {
        "QuoteNumber": "QU-1",
        "Contact": {"Name": "Ada"},
        "Date": "2026-03-01",
        "ExpiryDate": "2026-03-31",
        "Status": "SENT",
        "LineAmountTypes": "EXCLUSIVE",
        "LineItems": [line(UnitAmount=49, Quantity=2, DiscountRate=10)],
    }
    return {name: value for name, value in {**usual, **fields}.items() if value is not None}


def test_a_quote_comes_back_as_it_was_put(client):
    made = client.ok("PUT", "/Quotes", quote(Title="Offer", Summary="Two seats", Terms="30 days"))
    (row,) = client.ok("GET", f"/Quotes/{made['QuoteID']}")
    assert (row["SubTotal"], row["TotalTax"], row["Total"], row["TotalDiscount"]) == (
        88.2,
        16.76,
        104.96,
        9.8,
    )
    assert (row["LineAmountTypes"], row["Status"], row["Title"], row["Terms"]) == (
        "EXCLUSIVE",
        "SENT",
        "Offer",
        "30 days",
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"QuoteNumber": "used"}, "Quote # must be unique."),
        ({"Date": None}, "The Date must be specified for a quote"),
        ({"LineItems": None}, "One or more line items must be specified"),
        ({"LineAmountTypes": "Exclusive"}, "LineAmountTypes must be EXCLUSIVE, INCLUSIVE or NOTAX"),
        ({"Status": "INVOICED"}, "Quote not of valid status for creation"),
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        ({"CurrencyCode": "GBP"}, "Organisation is not subscribed to currency GBP"),
    ],
)
def test_a_quote_that_breaks_a_rule_is_refused(client, fields, message):
    client.ok("PUT", "/Quotes", quote(QuoteNumber="used"))
    assert client.refused("PUT", "/Quotes", quote(**fields)) == [message]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["DRAFT", "SENT", "ACCEPTED", "INVOICED"], True),
        (["SENT", "DECLINED", "SENT"], True),
        (["DRAFT", "ACCEPTED"], False),
        (["SENT", "DELETED", "DRAFT"], False),
    ],
)
def test_a_quote_walks_only_the_ways_that_xero_knows(client, path, allowed):
    first, *steps, last = path
    made = client.ok("PUT", "/Quotes", quote(Status=first))
    url = f"/Quotes/{made['QuoteID']}"
    for step in steps:
        client.ok("POST", url, {"Status": step})
    if allowed:
        assert client.ok("POST", url, {"Status": last})["Status"] == last
    else:
        assert client.refused("POST", url, {"Status": last}) == ["Quote not of valid status for modification"]


def test_quotes_are_changed_by_number_and_filtered(client):
    client.ok("PUT", "/Quotes", quote())
    client.ok("PUT", "/Quotes", quote(QuoteNumber=None, Date="2026-04-01", ExpiryDate=None, Status="DRAFT"))
    changed = client.ok("POST", "/Quotes", {"QuoteNumber": "QU-1", "Reference": "deal_1", "Contact": {"Name": "Bob"}})
    assert (changed["Reference"], changed["Contact"]["Name"], changed["Total"]) == ("deal_1", "Bob", 104.96)
    for query, numbers in (
        ("Status=DRAFT", ["QU-0002"]),
        ("QuoteNumber=QU-1", ["QU-1"]),
        ("DateFrom=2026-03-15", ["QU-0002"]),
        ("DateTo=2026-03-15", ["QU-1"]),
        ("ExpiryDateFrom=2026-03-31&ExpiryDateTo=2026-03-31", ["QU-1"]),
        (f"ContactID={changed['Contact']['ContactID']}&page=1", ["QU-1"]),
    ):
        assert [row["QuoteNumber"] for row in client.ok("GET", f"/Quotes?{query}")] == numbers
    assert client.refused("POST", "/Quotes", quote(QuoteID=NOBODY)) == ["Quote not found"]


def test_a_page_of_quotes_has_a_hundred_rows_whatever_is_asked_and_tells_no_count(client):
    client.ok("PUT", "/Quotes", [quote(), quote(QuoteNumber="QU-2")])
    answer = client.call("GET", "/Quotes?page=1&pageSize=1").json()
    assert (len(answer["Quotes"]), "pagination" in answer) == (2, False)


@pytest.fixture
def region(client):
    category = client.ok("PUT", "/TrackingCategories", {"Name": "Region"})
    url = f"/TrackingCategories/{category['TrackingCategoryID']}"
    return url, client.ok("PUT", f"{url}/Options", {"Name": "North"})


def test_a_line_is_tracked_by_name_or_by_id(client, invoiced, region):
    url, option = region
    category_id = url.rsplit("/", 1)[1]
    by_name = [line(Tracking=[{"Name": "region", "Option": "NORTH"}])]
    by_id = [line(Tracking=[{"TrackingCategoryID": category_id, "TrackingOptionID": option["TrackingOptionID"]}])]
    wanted = {
        "TrackingCategoryID": category_id,
        "TrackingOptionID": option["TrackingOptionID"],
        "Name": "Region",
        "Option": "North",
    }
    for place, lines in enumerate((by_name, by_id)):
        assert invoiced(LineItems=lines, Reference=str(place))["LineItems"][0]["Tracking"] == [wanted]


@pytest.mark.parametrize(
    ("tracking", "message"),
    [
        ([{"Name": "Region", "Option": "South"}], "The tracking category or option could not be found"),
        ([{"Name": "Nothing", "Option": "North"}], "The tracking category or option could not be found"),
        ([{"Name": "Region", "Option": "North"}] * 2, "A tracking category can be used once in a line"),
        ([{"Name": "Region", "Option": "North"}] * 3, "A line can have at most 2 tracking categories"),
    ],
)
def test_tracking_that_breaks_a_rule_is_refused(client, region, tracking, message):
    assert client.refused("PUT", "/Invoices", invoice(LineItems=[line(Tracking=tracking)])) == [message]


def test_categories_and_options_are_renamed_archived_and_deleted(client, region):
    url, option = region
    assert client.ok("POST", url, {"Name": "Area"})["Name"] == "Area"
    option_url = f"{url}/Options/{option['TrackingOptionID']}"
    assert client.ok("POST", option_url, {"Name": "Up north"})["Name"] == "Up north"
    assert client.ok("GET", url)[0]["Options"][0]["Name"] == "Up north"
    assert client.ok("DELETE", option_url)["Status"] == "DELETED"
    assert client.ok("GET", url)[0]["Options"] == []
    assert client.ok("POST", url, {"Status": "ARCHIVED"})["Status"] == "ARCHIVED"
    assert client.ok("GET", "/TrackingCategories") == []
    assert len(client.ok("GET", "/TrackingCategories?includeArchived=true")) == 1
    assert client.ok("DELETE", url)["Status"] == "DELETED"


def test_a_category_in_use_is_archived_instead_of_deleted(client, invoiced, region):
    invoiced(LineItems=[line(Tracking=[{"Name": "Region", "Option": "North"}])])
    assert client.ok("DELETE", region[0])["Status"] == "ARCHIVED"


def test_there_are_at_most_two_categories_and_names_are_unique(client, region):
    assert client.refused("PUT", "/TrackingCategories", {"Name": "REGION"}) == [
        "A tracking category with the name 'REGION' already exists"
    ]
    client.ok("PUT", "/TrackingCategories", {"Name": "Team"})
    assert client.refused("PUT", "/TrackingCategories", {"Name": "Third"}) == [
        "There can be at most 2 active tracking categories"
    ]
    assert client.refused("PUT", f"{region[0]}/Options", {"Name": "north"}) == [
        "A tracking option with the name 'north' already exists"
    ]
    assert client.refused("PUT", f"{region[0]}/Options", {"Name": "x" * 101}) == [
        "The name must be specified, with at most 100 characters"
    ]
    assert client.refused("POST", region[0], {"Status": "GONE"}) == ["The status must be ACTIVE or ARCHIVED"]
