import json
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.contract import Address, Call
from connectors.http import Door
from connectors.stripe import history
from connectors.stripe.client import EVERYTHING, StripeClient
from core.errors import CallRefused, ContractBroken, NotAllowed, NotThere, OutcomeUnknown, RetryAfter
from core.kinds import Kind
from tests.connectors.stripe.rows import INVOICE, LISTS

BASE = "https://api.stripe.example"


class Lists:
    """Stripe's lists as they are documented: newest first, `limit`, `starting_after`, `created[gte|lte]`."""

    def __init__(self):
        self.rows = {}
        self.asked = []

    def answer(self, request):
        parts = urlsplit(request.url)
        query = parse_qs(parts.query)
        self.asked.append((parts.path, query))
        rows = sorted(self.rows.get(parts.path, []), key=lambda row: -row.get("created", 0))
        if "created[gte]" in query:
            rows = [row for row in rows if row["created"] >= int(query["created[gte]"][0])]
        if "created[lte]" in query:
            rows = [row for row in rows if row["created"] <= int(query["created[lte]"][0])]
        if "payment[payment_intent]" in query:
            wanted = query["payment[payment_intent]"][0]
            rows = [row for row in rows if row["payment"]["payment_intent"] == wanted]
        if "starting_after" in query:
            ids = [row["id"] for row in rows]
            if query["starting_after"][0] not in ids:
                return 404, {}, json.dumps({"error": {"code": "resource_missing"}})
            rows = rows[ids.index(query["starting_after"][0]) + 1 :]
        limit = int(query["limit"][0])
        return 200, {}, json.dumps({"object": "list", "data": rows[:limit], "has_more": len(rows) > limit})


@pytest.fixture
def vendor():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def lists(vendor):
    fake = Lists()
    below = [
        "credit_notes/cn_1/lines",
        "invoice_payments",
        "invoices/in_1/lines",
        "payment_intents",
        "subscription_items",
    ]
    for path in ["events", *LISTS, *below]:
        vendor.add_callback("GET", f"{BASE}/v1/{path}", fake.answer)
    return fake


@pytest.fixture
def client():
    return StripeClient(Door(BASE, lambda: {"Authorization": "Bearer sk_test_sandbox_key"}), Address(BASE))


def customers(count):
    return [{"id": f"cus_{n}", "created": n} for n in range(count)]


def intent(n):
    return {"id": f"pi_{n}", "object": "payment_intent", "created": 1_000_000 + n * 60, "latest_charge": f"ch_{n}"}


def arrived(n):
    """A balance transaction as it is listed: with the charge that it came from, and that with its intent."""
    charge = {"id": f"ch_{n}", "object": "charge", "balance_transaction": f"txn_{n}", "payment_intent": intent(n)}
    return {"id": f"txn_{n}", "created": 1_000_030 + n * 60, "source": charge}


def whole(n):
    """The same intent as it is fetched."""
    moved = {**arrived(n), "source": f"ch_{n}"}
    charge = {**arrived(n)["source"], "payment_intent": f"pi_{n}", "balance_transaction": moved}
    return {**intent(n), "latest_charge": charge}


def paid(n, invoice=None, ident=None):
    return {
        "id": ident or f"inpay_{n}",
        "created": intent(n)["created"],
        "invoice": invoice or f"in_{n}",
        "amount_paid": 5,
        "status": "paid",
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{n}"},
    }


def kept(n, invoice=None, ident=None):
    return {name: paid(n, invoice, ident)[name] for name in ("id", "invoice", "amount_paid", "status")}


def sold(n, *payments, **fields):
    """An invoice as it is listed, with its customer and what paid it."""
    customer = {"id": f"cus_{n}", "created": n}
    held = {"data": list(payments) or [paid(n)], "has_more": False}
    return {"id": f"in_{n}", "created": 1_000_000 + n * 60, "customer": customer, "payments": held, **fields}


def everything(client, cursor=None):
    rows = {}
    for _ in range(90):
        page = client.changes(EVERYTHING, cursor)
        rows |= page.rows
        # a cursor is stored as JSON between two pages
        cursor = json.loads(json.dumps(page.cursor))
        if not page.more:
            return rows, cursor
    raise AssertionError("the pages do not end")


def of(kind, rows):
    return [row for (one, _), row in rows.items() if one is kind]


def calls(lists, path):
    return [query for asked, query in lists.asked if asked == f"/v1/{path}"]


def polling(since=5000, known=()):
    place = {"since": since, "known": dict.fromkeys(known, since)}
    return {"/v1/events": place, "/v1/balance_transactions": {"since": 0, "known": {}}, "history": None}


def test_every_call_pins_the_version_and_names_an_account_that_is_not_the_keys_own(vendor, client):
    vendor.get(f"{BASE}/v1/account", json={"id": "acct_1"})
    assert client.whoami() == "acct_1"
    assert vendor.calls[0].request.headers["Stripe-Version"] == "2026-10-28.endive"
    assert "Stripe-Account" not in vendor.calls[0].request.headers
    StripeClient(Door(BASE, dict), Address(BASE, "acct_2")).whoami()
    assert vendor.calls[1].request.headers["Stripe-Account"] == "acct_2"
    vendor.replace("GET", f"{BASE}/v1/account", json={"id": None})
    with pytest.raises(ContractBroken):
        client.whoami()


def test_all_rows_are_listed_by_hundreds(client, lists):
    lists.rows["/v1/customers"] = customers(250)
    rows, cursor = everything(client, {})
    assert [row["id"] for row in of(Kind.CUSTOMER, rows)] == [f"cus_{n}" for n in reversed(range(250))]
    assert cursor == polling(0)
    order = ["events", *LISTS, "customers", "customers"]
    assert [path for path, _ in lists.asked] == [f"/v1/{path}" for path in order]


def at(step, **place):
    return {**polling(0), "history": {"step": step, "place": place, "whole": True}}


@pytest.mark.parametrize(
    ("step", "place", "begun"),
    [
        ("customers", {"after": "gone"}, "customers"),
        ("invoices", {"after": "gone", "paid": {}}, "invoices"),
        ("money", {"after": "gone", "paid": {}}, "invoices"),
        ("refunds and credit notes", {"after": "gone"}, "refunds and credit notes"),
        ("refunds and credit notes", {"end": True, "notes_after": "gone"}, "refunds and credit notes"),
    ],
)
def test_a_list_is_read_again_from_its_start_when_its_place_is_gone(client, lists, step, place, begun):
    page = client.changes(EVERYTHING, at(step, **place))
    assert (page.rows, page.more, page.cursor) == ({}, True, at(begun))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {}, CallRefused),
        (403, {}, NotAllowed),
        (403, [], NotAllowed),
        (403, {"error": "no"}, NotAllowed),
        (403, {"error": {"code": "account_invalid"}}, CallRefused),
        (404, {}, NotThere),
    ],
)
def test_a_list_that_cannot_be_read_at_all_is_told(client, vendor, status, body, error):
    vendor.get(f"{BASE}/v1/customers", status=status, json=body)
    with pytest.raises(error):
        client.changes(EVERYTHING, at("customers"))


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"data": []},
        {"data": {}, "has_more": False},
        {"data": [], "has_more": True},
        {"data": [{"id": 5}], "has_more": False},
        {"data": [7], "has_more": False},
    ],
)
def test_what_is_no_list_is_told_and_never_ends_in_a_loop(client, vendor, body):
    vendor.get(f"{BASE}/v1/customers", json=body)
    with pytest.raises(ContractBroken):
        client.changes(EVERYTHING, at("customers"))


def test_a_page_that_comes_twice_is_told(client, vendor):
    vendor.get(f"{BASE}/v1/customers", json={"data": customers(1), "has_more": True})
    with pytest.raises(ContractBroken):
        client.changes(EVERYTHING, at("customers", after="cus_0"))


# --- the first import


def test_a_thousand_sales_are_read_in_two_lists_with_whose_they_are(client, lists):
    lists.rows["/v1/invoices"] = [sold(n) for n in range(1000)]
    lists.rows["/v1/balance_transactions"] = [arrived(n) for n in range(1000)]
    rows, _ = everything(client)
    assert {kind: len(of(kind, rows)) for kind in {kind for kind, _ in rows}} == {
        Kind.CUSTOMER: 1000,
        Kind.INVOICE: 1000,
        Kind.PAYMENT: 1000,
    }
    assert rows[Kind.INVOICE, "in_7"] == {"id": "in_7", "created": 1_000_420, "customer": "cus_7"}
    assert rows[Kind.PAYMENT, "pi_7"] == {
        "id": "pi_7",
        "object": "payment",
        "payment_intent": whole(7),
        "invoice_payments": [kept(7)],
    }
    asked = [path for path, _ in lists.asked]
    assert (asked.count("/v1/invoices"), asked.count("/v1/balance_transactions")) == (10, 10)
    # the others are events, tax rates, prices, refunds and credit notes
    assert len(asked) == 20 + 5


def test_what_no_document_names_is_left_to_the_next_reading_of_everything(client, lists):
    lists.rows["/v1/customers"] = customers(150)
    lists.rows["/v1/invoices"] = [sold(7)]
    first, cursor = everything(client)
    assert [row["id"] for row in of(Kind.CUSTOMER, first)] == ["cus_7"]
    assert calls(lists, "customers") == []
    assert client.changes(EVERYTHING, cursor).rows == {}
    again, _ = everything(client, {})
    assert len(of(Kind.CUSTOMER, again)) == 150


def test_what_an_invoice_was_discounted_by_comes_with_it_and_the_invoice_is_as_it_is_fetched(client, lists):
    coupon = {"id": "spring", "percent_off": 15}
    code = {"id": "promo_1", "promotion": {"type": "coupon", "coupon": "spring"}}
    gone = {"id": "winter", "deleted": True}
    discounts = [
        {"id": "di_1", "source": {"type": "coupon", "coupon": coupon}, "promotion_code": code},
        {"id": "di_2", "source": {"type": "coupon", "coupon": gone}, "promotion_code": None},
    ]
    lists.rows["/v1/invoices"] = [sold(1, discounts=discounts), sold(2, discounts=[])]
    rows, _ = everything(client)
    assert of(Kind.COUPON, rows) == [coupon]
    assert of(Kind.PROMOTION_CODE, rows) == [code]
    assert [row["discounts"] for row in of(Kind.INVOICE, rows)] == [[], ["di_1", "di_2"]]
    (asked,) = calls(lists, "invoices")
    assert {"data.discounts.source.coupon", "data.discounts.promotion_code"} <= set(asked["expand[]"])


def test_what_one_payment_settles_is_gathered_from_all_its_invoices(client, lists):
    lists.rows["/v1/invoices"] = [sold(n, paid(7, f"in_{n}", f"inpay_{n}")) for n in range(150)]
    lists.rows["/v1/balance_transactions"] = [arrived(7)]
    rows, _ = everything(client)
    settled = {one["invoice"] for one in rows[Kind.PAYMENT, "pi_7"]["invoice_payments"]}
    assert settled == {f"in_{n}" for n in range(150)}


def test_what_too_many_intents_paid_is_asked_for_beside_the_money(client, lists, monkeypatch):
    monkeypatch.setattr(history, "_KEPT_MAX", 40)
    lists.rows["/v1/invoices"] = [sold(n) for n in range(250)]
    lists.rows["/v1/balance_transactions"] = [arrived(n) for n in range(250)] + [arrived(9000)]
    lists.rows["/v1/invoice_payments"] = [paid(n) for n in range(250)]
    rows, _ = everything(client)
    payments = {row["id"]: row["invoice_payments"] for row in of(Kind.PAYMENT, rows)}
    assert payments == {f"pi_{n}": [kept(n)] for n in range(250)} | {"pi_9000": []}
    asked = calls(lists, "invoice_payments")
    spans = {int(query["created[lte]"][0]) - int(query["created[gte]"][0]) for query in asked}
    assert max(spans) < 86400, "days between 9000's and the others are not read"
    assert len(asked) < 50


def test_more_payments_of_an_invoice_than_it_holds_are_asked_for(client, lists):
    lists.rows["/v1/invoices"] = [sold(1, payments={"data": [paid(1)], "has_more": True})]
    lists.rows["/v1/invoice_payments"] = [paid(1), paid(2, "in_1")]
    lists.rows["/v1/balance_transactions"] = [arrived(2)]
    rows, _ = everything(client)
    assert rows[Kind.PAYMENT, "pi_2"]["invoice_payments"] == [kept(2, "in_1")]
    assert "payments" not in rows[Kind.INVOICE, "in_1"]


def test_what_is_open_or_paid_outside_has_settled_nothing(client, lists):
    record = {"id": "inpay_r", "status": "paid", "payment": {"type": "payment_record", "payment_record": "prec_1"}}
    lists.rows["/v1/invoices"] = [sold(1, {**paid(1), "status": "open"}, record)]
    lists.rows["/v1/balance_transactions"] = [arrived(1)]
    rows, _ = everything(client)
    assert rows[Kind.PAYMENT, "pi_1"]["invoice_payments"] == []


def test_a_charge_that_arrives_while_the_money_is_listed_is_told_afterwards_and_nothing_twice(client, lists):
    lists.rows["/v1/balance_transactions"] = [arrived(n) for n in range(250)]
    page = client.changes(EVERYTHING, None)
    while (Kind.PAYMENT, "pi_249") not in page.rows:
        page = client.changes(EVERYTHING, page.cursor)
    # one is younger than all others; one appears late, a little before the youngest
    late = {**arrived(300), "created": arrived(249)["created"] - 30}
    lists.rows["/v1/balance_transactions"] += [arrived(250), late]
    rows = dict(page.rows)
    while page.more:
        page = client.changes(EVERYTHING, json.loads(json.dumps(page.cursor)))
        rows |= page.rows
    assert set(rows) == {(Kind.PAYMENT, f"pi_{n}") for n in range(250)}
    assert len(calls(lists, "balance_transactions")) == 3
    told = client.changes(EVERYTHING, page.cursor)
    assert set(told.rows) == {(Kind.BALANCE_TRANSACTION, "txn_250"), (Kind.BALANCE_TRANSACTION, "txn_300")}
    assert client.changes(EVERYTHING, told.cursor).rows == {}


def test_an_import_that_lost_its_place_in_the_money_begins_anew_and_knows_what_it_read(client, lists):
    lists.rows["/v1/balance_transactions"] = [arrived(n) for n in range(150)]
    page = client.changes(EVERYTHING, None)
    while (Kind.PAYMENT, "pi_149") not in page.rows:
        page = client.changes(EVERYTHING, page.cursor)
    lists.rows["/v1/balance_transactions"] = [one for one in map(arrived, range(160)) if one["id"] != "txn_50"]
    rows = {}
    while page.more:
        page = client.changes(EVERYTHING, page.cursor)
        rows |= page.rows
    assert set(rows) == {(Kind.PAYMENT, f"pi_{n}") for n in range(160) if n != 50}
    assert client.changes(EVERYTHING, page.cursor).rows == {}


def test_items_of_a_subscription_are_asked_for_once_however_many_invoices_name_it(client, lists):
    def subscription(ident, **more):
        return {"id": ident, "items": {"data": [{"id": "si_0"}], "has_more": False, **more}}

    def billed(n):
        named = subscription("sub_long", has_more=True) if n % 2 else subscription(f"sub_{n}")
        return sold(n, parent={"subscription_details": {"subscription": named}})

    lists.rows["/v1/invoices"] = [billed(n) for n in range(250)]
    lists.rows["/v1/subscription_items"] = [{"id": f"si_{n}"} for n in range(12)]
    rows, _ = everything(client)
    assert len(calls(lists, "subscription_items")) == 1
    assert len(of(Kind.SUBSCRIPTION, rows)) == 125 + 1
    assert len(rows[Kind.SUBSCRIPTION, "sub_long"]["items"]["data"]) == 12
    assert rows[Kind.INVOICE, "in_7"]["parent"] == {"subscription_details": {"subscription": "sub_long"}}


def test_a_charge_without_an_intent_is_a_payment_and_other_movements_are_rows(client, lists):
    old = arrived(1)
    old["source"] = {**old["source"], "payment_intent": None, "customer": {"id": "cus_9", "created": 1}}
    payout = {"id": "txn_po", "created": 5, "source": {"id": "po_1", "object": "payout"}}
    fee = {"id": "txn_fee", "created": 4, "source": None}
    earlier = arrived(2)
    earlier["source"]["payment_intent"]["latest_charge"] = "ch_other"
    lists.rows["/v1/balance_transactions"] = [old, payout, fee, earlier]
    rows, _ = everything(client)
    assert set(rows) == {
        (Kind.CUSTOMER, "cus_9"),
        (Kind.PAYMENT, "ch_1"),
        (Kind.BALANCE_TRANSACTION, "txn_po"),
        (Kind.BALANCE_TRANSACTION, "txn_fee"),
        (Kind.BALANCE_TRANSACTION, "txn_2"),
    }
    assert rows[Kind.BALANCE_TRANSACTION, "txn_po"]["source"] == "po_1"
    moved = {"id": "txn_1", "created": old["created"], "source": "ch_1"}
    assert rows[Kind.PAYMENT, "ch_1"]["charge"]["balance_transaction"] == moved


def test_a_deleted_customer_is_no_row(client, lists):
    lists.rows["/v1/invoices"] = [sold(1, customer={"id": "cus_1", "deleted": True})]
    rows, _ = everything(client)
    assert set(rows) == {(Kind.INVOICE, "in_1")}
    assert rows[Kind.INVOICE, "in_1"]["customer"] == "cus_1"


@pytest.mark.parametrize("strange", [{"payment": []}, {"payment": {"payment_intent": 5}}])
def test_a_strange_invoice_payment_is_told(client, lists, strange):
    lists.rows["/v1/invoices"] = [sold(1, {**paid(1), **strange})]
    with pytest.raises(ContractBroken):
        everything(client)


def test_a_row_without_its_moment_is_told(client, lists):
    lists.rows["/v1/refunds"] = [{"id": "re_1", "created": True}]
    with pytest.raises(ContractBroken):
        everything(client)


# --- payments


def test_a_listed_payment_is_the_same_row_as_a_fetched_one_which_brings_what_it_paid(client, lists, vendor):
    lists.rows["/v1/invoices"] = [sold(n) for n in range(4)]
    lists.rows["/v1/balance_transactions"] = [arrived(n) for n in range(4)]
    rows, _ = everything(client)
    lists.rows["/v1/payment_intents"] = [whole(n) for n in range(4)]
    lists.rows["/v1/invoice_payments"] = [
        {**paid(n), "invoice": {name: value for name, value in sold(n).items() if name != "payments"}} for n in range(4)
    ]
    vendor.get(f"{BASE}/v1/payment_intents/pi_1", json=whole(1))
    lists.asked.clear()
    fetched = client.fetch(Kind.PAYMENT, ["pi_1"])
    assert set(fetched) == {(Kind.PAYMENT, "pi_1"), (Kind.INVOICE, "in_1"), (Kind.CUSTOMER, "cus_1")}
    assert {key: rows[key] for key in fetched} == fetched
    assert "latest_charge.balance_transaction" in vendor.calls[-2].request.params["expand[]"]
    assert len(lists.asked) == 1
    assert client.fetch(Kind.PAYMENT, [f"pi_{n}" for n in range(4)]) == rows
    assert len(lists.asked) == 1 + 2


def test_a_charge_without_an_intent_is_fetched_as_a_payment(client, vendor):
    vendor.get(f"{BASE}/v1/charges/ch_1", json={"id": "ch_1", "object": "charge"})
    assert client.fetch(Kind.PAYMENT, ["ch_1"]) == {
        (Kind.PAYMENT, "ch_1"): {
            "id": "ch_1",
            "object": "payment",
            "charge": {"id": "ch_1", "object": "charge"},
            "invoice_payments": [],
        }
    }


# --- single rows


def test_an_invoice_with_more_lines_than_it_holds_is_made_whole(client, lists, vendor):
    lines = [{"id": f"il_{n}"} for n in range(130)]
    lists.rows["/v1/invoices/in_1/lines"] = lines
    holding = {**INVOICE, "lines": {"data": lines[:10], "has_more": True}}
    vendor.get(f"{BASE}/v1/invoices/in_1", json=holding)
    row = client.fetch(Kind.INVOICE, ["in_1"])[Kind.INVOICE, "in_1"]
    assert row["lines"] == {"data": lines, "has_more": False}


def test_products_are_fetched_by_hundreds(client, vendor):
    vendor.get(f"{BASE}/v1/products", json={"data": [{"id": "prod_1"}], "has_more": False})
    assert client.fetch(Kind.PRODUCT, [f"prod_{n}" for n in range(150)]) == {(Kind.PRODUCT, "prod_1"): {"id": "prod_1"}}
    assert [len(parse_qs(urlsplit(call.request.url).query)["ids[]"]) for call in vendor.calls] == [100, 50]


def test_a_few_are_asked_for_one_by_one_and_more_are_looked_for_among_the_newest(client, lists, vendor):
    lists.rows["/v1/customers"] = customers(150)
    vendor.get(f"{BASE}/v1/customers/cus_3", json=customers(4)[3])
    vendor.get(f"{BASE}/v1/customers/cus_149", json=customers(150)[149])
    assert len(client.fetch(Kind.CUSTOMER, ["cus_3", "cus_149"])) == 2
    assert lists.asked == []
    wanted = ["cus_3", "cus_140", "cus_141", "cus_149"]
    assert set(client.fetch(Kind.CUSTOMER, wanted)) == {(Kind.CUSTOMER, one) for one in wanted}
    assert (len(lists.asked), len(vendor.calls)) == (1, 2 + 1 + 1)


def test_an_id_cannot_change_the_path(client, vendor):
    vendor.get(f"{BASE}/v1/customers/..%2Faccount%3Fa", status=404, json={})
    assert client.fetch(Kind.CUSTOMER, ["../account?a"]) == {}


# --- events


def event(n, created, event_type="customer.updated"):
    return {"id": f"evt_{n}", "created": created, "type": event_type, "data": {"object": {"id": f"cus_{n}"}}}


def test_events_are_told_oldest_first_and_only_once(client, lists):
    lists.rows["/v1/events"] = [event(0, 5000)]
    _, cursor = everything(client)
    assert cursor["/v1/events"]["since"] == 5000
    lists.asked.clear()
    assert client.changes(EVERYTHING, cursor).notifications == []
    assert [path for path, _ in lists.asked] == ["/v1/events", "/v1/balance_transactions"]
    lists.rows["/v1/events"] += [event(2, 5020), event(1, 5010), event(9, 5015, "payment_method.attached")]
    told = client.changes(EVERYTHING, cursor)
    assert [one.key for one in told.notifications] == ["evt_1", "evt_2"]
    assert told.cursor["/v1/events"]["since"] == 5020
    assert client.changes(EVERYTHING, told.cursor).notifications == []


def test_what_happens_while_the_rows_are_listed_is_told_afterwards(client, lists):
    lists.rows["/v1/events"] = [event(n, 5000) for n in range(120)] + [event(500, 4000)]
    page = client.changes(EVERYTHING, None)
    lists.rows["/v1/events"] += [event(200, 5000), event(201, 5001)]
    while page.more:
        page = client.changes(EVERYTHING, page.cursor)
    keys, more = [], True
    while more:
        page = client.changes(EVERYTHING, page.cursor)
        keys, more = [*keys, *(one.key for one in page.notifications)], page.more
    assert sorted(keys) == ["evt_200", "evt_201"]


def test_an_event_that_appears_after_a_younger_one_is_still_told(client, lists):
    lists.rows["/v1/events"] = [event(1, 5000)]
    told = client.changes(EVERYTHING, polling(4900))
    lists.rows["/v1/events"] += [event(2, 4999), event(3, 4390)]
    again = client.changes(EVERYTHING, told.cursor)
    assert [one.key for one in again.notifications] == ["evt_2"]


def test_many_events_are_told_page_by_page(client, lists):
    lists.rows["/v1/events"] = [event(n, 5000 + n) for n in range(250)]
    keys, cursor = [], polling()
    for more in (True, True, False):
        page = client.changes(EVERYTHING, json.loads(json.dumps(cursor)))
        keys += [one.key for one in page.notifications]
        cursor = page.cursor
        assert page.more is more
    assert sorted(keys) == sorted(f"evt_{n}" for n in range(250))
    assert cursor["/v1/events"]["since"] == 5249
    assert len(cursor["/v1/events"]["known"]) == 250


def test_a_place_among_events_that_is_gone_starts_the_question_over(client, lists):
    cursor = polling()
    gone = {**cursor, "/v1/events": {**cursor["/v1/events"], "after": "evt_gone", "seen": {}}}
    page = client.changes(EVERYTHING, gone)
    assert (page.more, page.cursor) == (True, polling())


@pytest.mark.parametrize("strange", [{"type": 5}, {"data": []}, {"created": "x"}])
def test_an_event_that_is_none_is_told(client, vendor, strange):
    vendor.get(f"{BASE}/v1/events", json={"data": [{**event(1, 5000), **strange}], "has_more": False})
    vendor.get(f"{BASE}/v1/balance_transactions", json={"data": [], "has_more": False})
    with pytest.raises(ContractBroken):
        client.changes(EVERYTHING, polling(0))


# --- writes


def test_a_write_carries_its_key_and_only_the_rate_limit_promises_that_nothing_was_done(client, vendor):
    call = Call("POST", "/v1/refunds", b"charge=ch_1", "application/x-www-form-urlencoded", "key-1")
    vendor.post(f"{BASE}/v1/refunds", json={"id": "re_1"})
    assert client.push(call) == {"id": "re_1"}
    assert vendor.calls[0].request.headers["Idempotency-Key"] == "key-1"
    vendor.replace("POST", f"{BASE}/v1/refunds", status=429, json={})
    with pytest.raises(RetryAfter):
        client.push(call)
    vendor.replace("POST", f"{BASE}/v1/refunds", json=[])
    with pytest.raises(OutcomeUnknown):
        client.push(call)


# --- refunds, balance transactions, parts of rows


def refunded(n):
    return {"id": f"re_{n}", "created": 1_000_000 + n * 60, "payment_intent": "pi_1"}


def credit_note(n, *refunds, created=2_000_000, **fields):
    paid_out = [{"refund": refund, "amount_refunded": 5} for refund in refunds]
    return {"id": f"cn_{n}", "created": created, "status": "issued", "refunds": paid_out, **fields}


def test_refunds_are_joined_with_the_credit_notes_that_they_pay_out(client, lists):
    lists.rows["/v1/refunds"] = [refunded(n) for n in range(150)]
    lists.rows["/v1/credit_notes"] = [
        credit_note(1, "re_3", "re_149"),
        credit_note(2, "re_3", created=1_999_999),
        credit_note(3, "re_4", status="void"),
        credit_note(4),
    ]
    rows = of(Kind.REFUND, everything(client)[0])
    assert [row["id"] for row in rows] == [f"re_{n}" for n in reversed(range(150))]
    assert {row["id"]: row["credit_notes"] for row in rows if row["credit_notes"]} == {
        "re_149": [{"id": "cn_1", "amount": 5}],
        "re_3": [{"id": "cn_1", "amount": 5}, {"id": "cn_2", "amount": 5}],
    }
    assert (len(calls(lists, "refunds")), len(calls(lists, "credit_notes"))) == (2, 1)


def test_a_credit_note_never_comes_without_its_refunds(client, lists):
    """However long before it they were made; and the last word on each refund holds all that explains it."""
    expanded = {f"re_{n}": {**refunded(n), "created": 1_000_000 + n * 9000} for n in range(250)}
    explains = {n: [f"re_{n}", f"re_{max(n - 170, 0)}"] for n in range(0, 250, 2)}

    def note(n):
        one = credit_note(n, *explains[n], created=1_000_000 + n * 9000 + 60)
        return {**one, "refunds": [{**told, "refund": expanded[told["refund"]]} for told in one["refunds"]]}

    lists.rows["/v1/refunds"] = list(expanded.values())
    lists.rows["/v1/credit_notes"] = [note(n) for n in explains]
    page, told, noted = client.changes(EVERYTHING, None), {}, {}
    while page.more:
        page = client.changes(EVERYTHING, json.loads(json.dumps(page.cursor)))
        told |= {ident: row for (kind, ident), row in page.rows.items() if kind is Kind.REFUND}
        noted |= {ident: row for (kind, ident), row in page.rows.items() if kind is Kind.CREDIT_NOTE}
        assert {one["refund"] for row in noted.values() for one in row["refunds"]} <= told.keys()
    assert (len(calls(lists, "refunds")), len(calls(lists, "credit_notes"))) == (3, 2)
    assert set(noted) == {f"cn_{n}" for n in explains}
    for ident, row in told.items():
        explained = sorted(f"cn_{n}" for n, refunds in explains.items() for refund in refunds if refund == ident)
        assert [one["id"] for one in row["credit_notes"]] == explained, ident


def test_credit_notes_without_any_refund_are_all_listed(client, lists):
    lists.rows["/v1/credit_notes"] = [credit_note(n, created=2_000_000 + n) for n in range(250)]
    rows, _ = everything(client)
    assert len(of(Kind.CREDIT_NOTE, rows)) == 250
    assert len(calls(lists, "credit_notes")) == 3


def test_a_fetched_refund_finds_its_credit_notes_among_those_of_its_customer(client, lists, vendor):
    told = {**refunded(1), "charge": {"id": "ch_1", "customer": "cus_1"}}
    lists.rows["/v1/refunds"] = [told]
    lists.rows["/v1/credit_notes"] = [credit_note(1, "re_1"), credit_note(2, "re_2"), credit_note(0, "re_1")]
    rows, _ = everything(client)
    vendor.get(f"{BASE}/v1/refunds/re_1", json=told)
    fetched = client.fetch(Kind.REFUND, ["re_1"])
    assert fetched == {(Kind.REFUND, "re_1"): rows[Kind.REFUND, "re_1"]}
    assert [note["id"] for note in rows[Kind.REFUND, "re_1"]["credit_notes"]] == ["cn_0", "cn_1"]
    assert [query["customer"] for query in calls(lists, "credit_notes") if "customer" in query] == [["cus_1"]]


def test_a_refund_of_nobody_is_covered_by_nothing(client, vendor):
    told = {"id": "re_1", "charge": "ch_1", "payment_intent": None}
    vendor.get(f"{BASE}/v1/refunds/re_1", json=told)
    row = {"id": "re_1", "object": "refund", "refund": told, "credit_notes": []}
    assert client.fetch(Kind.REFUND, ["re_1"]) == {(Kind.REFUND, "re_1"): row}
    assert vendor.calls[0].request.params["expand[]"] == [
        "charge",
        "balance_transaction",
        "failure_balance_transaction",
    ]


def test_balance_transactions_are_rows_also_after_the_first_import(client, lists):
    lists.rows["/v1/balance_transactions"] = [{"id": f"txn_{n}", "created": 5000 + 60 * n} for n in range(150)]
    rows, cursor = everything(client)
    assert len(of(Kind.BALANCE_TRANSACTION, rows)) == 150
    again = client.changes(EVERYTHING, cursor)
    assert (again.rows, again.notifications, again.more) == ({}, [], False)
    late = {"id": "txn_late", "created": 13_900}
    lists.rows["/v1/balance_transactions"] += [{"id": "txn_new", "created": 15_000}, late]
    told = client.changes(EVERYTHING, again.cursor)
    assert list(told.rows) == [(Kind.BALANCE_TRANSACTION, "txn_late"), (Kind.BALANCE_TRANSACTION, "txn_new")]
    assert told.cursor["/v1/balance_transactions"]["since"] == 15_000


def test_prices_come_with_their_tiers_and_subscriptions_with_the_ended_ones(client, lists, vendor):
    everything(client, {})
    asked = dict(lists.asked)
    assert asked["/v1/prices"]["expand[]"] == ["data.tiers", "data.product"]
    assert asked["/v1/subscriptions"]["status"] == ["all"]
    vendor.get(f"{BASE}/v1/prices/price_1", json={"id": "price_1"})
    client.fetch(Kind.PRICE, ["price_1"])
    assert vendor.calls[-1].request.params["expand[]"] == ["tiers", "product"]


def test_a_subscription_and_a_credit_note_with_more_parts_than_they_hold_are_made_whole(client, lists, vendor):
    parts = [{"id": f"x_{n}"} for n in range(12)]
    lists.rows["/v1/subscription_items"] = parts
    lists.rows["/v1/credit_notes/cn_1/lines"] = parts
    for path, name in (("subscriptions/sub_1", "items"), ("credit_notes/cn_1", "lines")):
        ident = path.split("/")[1]
        vendor.get(f"{BASE}/v1/{path}", json={"id": ident, name: {"data": parts[:10], "has_more": True}})
    for kind, ident, name in ((Kind.SUBSCRIPTION, "sub_1", "items"), (Kind.CREDIT_NOTE, "cn_1", "lines")):
        assert client.fetch(kind, [ident])[kind, ident][name] == {"data": parts, "has_more": False}
    assert lists.asked[0][1]["subscription"] == ["sub_1"]


def test_the_news_of_a_refund_is_also_that_a_credit_note_explains_it(client, lists):
    explained = {**event(1, 5000, "credit_note.created"), "data": {"object": credit_note(1, "re_1")}}
    lists.rows["/v1/events"] = [explained, event(2, 5001, "refund.updated")]
    told = client.changes(EVERYTHING, polling(4900))
    assert [(one.key, one.kind) for one in told.notifications] == [
        ("evt_1", Kind.CREDIT_NOTE),
        ("evt_1:re_1", Kind.REFUND),
        ("evt_2", Kind.REFUND),
    ]
