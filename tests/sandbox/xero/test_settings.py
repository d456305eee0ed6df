import pytest


def codes(rows):
    return {row["Code"]: row for row in rows}


def test_the_organisation_keeps_its_books_in_euros(client):
    (row,) = client.ok("GET", "/Organisation")
    assert (row["BaseCurrency"], row["CountryCode"], row["Timezone"]) == ("EUR", "DE", "WEUROPESTANDARDTIME")


def test_the_chart_has_what_a_subscription_business_needs(client):
    chart = codes(client.ok("GET", "/Accounts"))
    assert chart["200"]["Class"] == "REVENUE"
    assert (chart["610"]["SystemAccount"], chart["820"]["SystemAccount"]) == ("DEBTORS", "GST")
    assert (chart["1200"]["Type"], chart["1200"]["CurrencyCode"]) == ("BANK", "EUR")
    assert (chart["1201"]["Type"], chart["1201"]["CurrencyCode"]) == ("BANK", "USD")
    assert (chart["1230"]["EnablePaymentsToAccount"], chart["860"]["SystemAccount"]) == (True, "ROUNDING")


def test_the_tax_rates_are_those_of_germany_and_france(client):
    rates = {row["TaxType"]: row["EffectiveRate"] for row in client.ok("GET", "/TaxRates")}
    assert rates == {
        "OUTPUT": 19,
        "TAX001": 7,
        "TAX002": 20,
        "TAX003": 5.5,
        "TAX004": 0,
        "TAX005": 0,
        "INPUT": 19,
        "NONE": 0,
    }


def test_accounts_are_created_changed_archived_and_deleted(client):
    made = client.ok("PUT", "/Accounts", {"Code": "4000", "Name": "Revenue", "Type": "REVENUE", "TaxType": "OUTPUT"})
    url = f"/Accounts/{made['AccountID']}"
    assert (made["Class"], made["Status"]) == ("REVENUE", "ACTIVE")
    assert client.ok("POST", url, {"EnablePaymentsToAccount": True, "Name": "Income"})["Name"] == "Income"
    assert client.ok("POST", url, {"Status": "ARCHIVED"})["Status"] == "ARCHIVED"
    assert client.ok("GET", url)[0]["EnablePaymentsToAccount"] is True
    assert client.ok("DELETE", url)["Status"] == "DELETED"
    assert client.refused("POST", url, {"Name": "x"}) == ["The account status is not valid for this update"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Code": "200"}, "Please enter a unique Code."),
        ({"Name": "sales"}, "Please enter a unique Name."),
        ({"Code": "1" * 11}, "The account code must be specified, with at most 10 characters"),
        ({"Name": "x" * 151}, "The account name must be specified, with at most 150 characters"),
        ({"Type": "MONEY"}, "The account type 'MONEY' is not valid"),
        ({"TaxType": "OUTPUT9"}, "The TaxType code 'OUTPUT9' does not exist"),
        (
            {"CurrencyCode": "EUR"},
            "CurrencyCode and BankAccountNumber are only valid for accounts of type BANK",
        ),
        ({"Type": "BANK"}, "A bank account number must be specified for an account of type BANK"),
        (
            {"Type": "BANK", "BankAccountNumber": "1", "CurrencyCode": "GBP"},
            "Organisation is not subscribed to currency GBP",
        ),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(client, fields, message):
    body = {"Code": "4000", "Name": "Revenue", "Type": "REVENUE", **fields}
    assert client.refused("PUT", "/Accounts", body) == [message]


def test_an_account_in_use_or_of_the_system_is_not_deleted(client, invoiced):
    invoiced()
    chart = codes(client.ok("GET", "/Accounts"))
    for code in ("200", "610"):
        url = f"/Accounts/{chart[code]['AccountID']}"
        assert client.refused("DELETE", url) == ["Account cannot be deleted as it is in use"]
    url = f"/Accounts/{chart['610']['AccountID']}"
    assert client.refused("POST", url, {"Status": "ARCHIVED"}) == ["System accounts cannot be archived"]


def test_an_archived_account_takes_no_lines(client, invoiced):
    chart = codes(client.ok("GET", "/Accounts"))
    client.ok("POST", f"/Accounts/{chart['260']['AccountID']}", {"Status": "ARCHIVED"})
    body = {
        "Type": "ACCREC",
        "Status": "DRAFT",
        "Contact": {"Name": "Ada"},
        "LineItems": [{"Description": "x", "UnitAmount": 1, "AccountCode": "260"}],
    }
    assert client.refused("PUT", "/Invoices", body) == ["Account code '260' is not a valid code for this document."]


def test_a_bank_account_is_in_the_base_currency_unless_it_says_otherwise(client):
    made = client.ok("PUT", "/Accounts", {"Code": "1400", "Name": "Bank", "Type": "BANK", "BankAccountNumber": "1"})
    assert (made["CurrencyCode"], made["BankAccountType"]) == ("EUR", "BANK")


def test_accounts_are_filtered_by_where(client):
    banks = client.ok("GET", '/Accounts?where=Type=="BANK" AND CurrencyCode=="USD"&order=Code DESC')
    assert [row["Code"] for row in banks] == ["1301", "1201"]


def test_tax_rates_are_added_changed_and_refused_twice(client):
    rate = {"Name": "IVA 21 %", "TaxComponents": [{"Name": "IVA", "Rate": 21}], "ReportTaxType": "OUTPUT"}
    made = client.ok("PUT", "/TaxRates", rate)
    assert (made["TaxType"], made["EffectiveRate"], made["CanApplyToExpenses"]) == ("TAX006", 21, False)
    assert client.refused("PUT", "/TaxRates", rate) == ["A tax rate with the name 'IVA 21 %' already exists"]
    changed = client.ok("POST", "/TaxRates", rate | {"TaxComponents": [{"Name": "IVA", "Rate": 10}]})
    assert (changed["TaxType"], changed["EffectiveRate"]) == ("TAX006", 10)
    assert client.ok("POST", "/TaxRates", {"TaxType": "TAX006", "Status": "DELETED"})["Status"] == "DELETED"
    assert client.ok("POST", "/TaxRates", {**rate, "Name": "New"})["TaxType"] == "TAX007"


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ({"TaxComponents": [{"Rate": 1}]}, "A name must be specified for the tax rate"),
        ({"Name": "x"}, "A tax rate needs at least one tax component"),
        ({"TaxType": "OUTPUT", "Status": "GONE"}, "The status 'GONE' is not valid for a tax rate"),
    ],
)
def test_a_tax_rate_that_breaks_a_rule_is_refused(client, rate, message):
    assert client.refused("POST", "/TaxRates", rate) == [message]


def test_a_currency_is_subscribed_once(client, invoiced):
    assert client.ok("PUT", "/Currencies", {"Code": "GBP", "Description": "Pound"})["Code"] == "GBP"
    assert client.refused("PUT", "/Currencies", {"Code": "GBP"}) == ["The currency GBP has already been added"]
    assert client.refused("PUT", "/Currencies", {"Code": "XXX"}) == ["The currency code 'XXX' is not valid"]
    assert invoiced(CurrencyCode="GBP")["CurrencyCode"] == "GBP"


def test_items_are_created_changed_and_deleted_for_good(client):
    made = client.ok("PUT", "/Items", {"Code": "price_1", "Name": "Pro", "SalesDetails": {"UnitPrice": 49}})
    assert made["SalesDetails"] == {"UnitPrice": 49}
    changed = client.ok(
        "POST", "/Items", {"Code": "price_1", "Name": "Pro plan", "SalesDetails": {"AccountCode": "200"}}
    )
    assert (changed["ItemID"], changed["Name"]) == (made["ItemID"], "Pro plan")
    assert changed["SalesDetails"] == {"UnitPrice": 49, "AccountCode": "200"}
    assert client.ok("POST", f"/Items/{made['ItemID']}", {"Code": "price_2"})["Code"] == "price_2"
    assert client.ok("GET", "/Items/price_2")[0]["Name"] == "Pro plan"
    assert client.call("DELETE", f"/Items/{made['ItemID']}").status_code == 204
    assert client.call("GET", f"/Items/{made['ItemID']}").status_code == 404
    assert client.calls()[-2]["effects"] == [
        {"operation": "delete", "kind": "item", "id": made["ItemID"], "code": "price_2"}
    ]
    again = client.ok("PUT", "/Items", {"Code": "price_1"})
    assert again["ItemID"] != made["ItemID"]


def test_an_item_that_was_deleted_never_shows_as_changed(client):
    client.ok("PUT", "/Items", {"Code": "price_1"})
    since = client.ok("PUT", "/Items", {"Code": "price_2"})["UpdatedDateUTC"]
    client.admin("clock", {"offset_seconds": 60})
    client.call("DELETE", "/Items/price_1")
    assert [row["Code"] for row in client.ok("GET", "/Items", If_Modified_Since=since)] == ["price_2"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"Code": "used"}, "Item code already exists"),
        ({"Code": ""}, "Item code must be specified"),
        ({"Code": "x" * 31}, "Item code must have at most 30 characters"),
        ({"Code": "x", "Name": "n" * 51}, "Item name must have at most 50 characters"),
        (
            {"Code": "x", "SalesDetails": {"AccountCode": "999"}},
            "Account code '999' is not a valid code for this document.",
        ),
        ({"Code": "x", "SalesDetails": {"TaxType": "OUTPUT9"}}, "The TaxType code 'OUTPUT9' does not exist"),
    ],
)
def test_an_item_that_breaks_a_rule_is_refused(client, item, message):
    client.ok("PUT", "/Items", {"Code": "used"})
    assert client.refused("PUT", "/Items", item) == [message]


def test_an_item_of_an_unknown_id_is_not_changed(client):
    body = {"ItemID": "00000000-0000-0000-0000-000000000000", "Code": "x"}
    assert client.refused("POST", "/Items", body) == ["Item not found"]


def test_item_prices_keep_four_decimals_only_when_asked_to(client):
    body = {"Code": "a", "SalesDetails": {"UnitPrice": 0.1234}}
    assert client.ok("PUT", "/Items?unitdp=4", body)["SalesDetails"]["UnitPrice"] == 0.1234
    assert client.ok("GET", "/Items/a")[0]["SalesDetails"]["UnitPrice"] == 0.12


def test_the_books_can_be_kept_in_another_currency(client, invoiced):
    client.admin("organisation", {"base_currency": "JPY", "country": "JP"})
    assert client.ok("GET", "/Organisation")[0]["BaseCurrency"] == "JPY"
    assert (invoiced()["CurrencyCode"], invoiced(Reference="2")["CurrencyRate"]) == ("JPY", 1)
    assert invoiced(CurrencyCode="EUR", Reference="3")["CurrencyRate"] == 0.00616
    answer = client.session.post(f"{client.base_url}/_sandbox/organisation", json={"base_currency": "X"}, timeout=30)
    assert answer.status_code == 400
