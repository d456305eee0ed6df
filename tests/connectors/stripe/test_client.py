import json
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors.contract import Address, Call
from connectors.http import Door
from connectors.stripe.client import StripeClient
from core.errors import CallRefused, ContractBroken, NotThere, OutcomeUnknown, RetryAfter
from core.kinds import Kind
from tests.connectors.stripe.rows import INVOICE

BASE = "https://api.stripe.example"


class Lists:
    """Stripe's lists as they are documented: newest first, `limit`, `starting_after`, `created[gte]`, `types[]`."""

    def __init__(self):
        self.rows = {}
        self.asked = []

    def answer(self, request):
        parts = urlsplit(request.url)
        query = parse_qs(parts.query)
        self.asked.append((parts.path, query))
        rows = sorted(self.rows.get(parts.path, []), key=lambda row: -row.get("created", 0))
        if "types[]" in query:
            rows = [row for row in rows if row["type"] in query["types[]"]]
        if "created[gte]" in query:
            rows = [row for row in rows if row["created"] >= int(query["created[gte]"][0])]
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
    for path in (
        "balance_transactions",
        "credit_notes",
        "credit_notes/cn_1/lines",
        "customers",
        "events",
        "invoice_payments",
        "invoices/in_1/lines",
        "payment_intents",
        "prices",
        "products",
        "refunds",
        "subscription_items",
        "subscriptions",
    ):
        vendor.add_callback("GET", f"{BASE}/v1/{path}", fake.answer)
    return fake


@pytest.fixture
def client():
    return StripeClient(Door(BASE, lambda: {"Authorization": "Bearer sk_test_sandbox_key"}), Address(BASE))


def customers(count):
    return [{"id": f"cus_{n}", "created": n} for n in range(count)]


def intent(n):
    return {"id": f"pi_{n}", "created": 1_000_000 + n * 60}


def paid(n, created=None):
    return {
        "id": f"inpay_{n}",
        "created": intent(n)["created"] if created is None else created,
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{n}"},
    }


def everything(client, kind):
    rows, cursor = [], None
    for _ in range(50):
        page = client.changes(kind, cursor)
        rows += page.rows
        # a cursor is stored as JSON between two pages
        cursor = json.loads(json.dumps(page.cursor))
        if not page.more:
            return rows, cursor
    raise AssertionError("the pages do not end")


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
    rows, cursor = everything(client, Kind.CUSTOMER)
    assert [row["id"] for row in rows] == [f"cus_{n}" for n in reversed(range(250))]
    assert [path for path, _ in lists.asked] == ["/v1/events"] + ["/v1/customers"] * 3
    assert cursor == {"since": 0, "known": {}}


def test_a_list_is_read_again_from_its_start_when_its_place_is_gone(client, lists):
    lists.rows["/v1/customers"] = customers(150)
    page = client.changes(Kind.CUSTOMER, None)
    lists.rows["/v1/customers"] = [row for row in customers(150) if row["id"] != page.rows[-1]["id"]]
    page = client.changes(Kind.CUSTOMER, page.cursor)
    assert (page.rows, page.more, page.cursor["listing"]) == ([], True, {})
    assert len(client.changes(Kind.CUSTOMER, page.cursor).rows) == 100


def test_a_list_that_cannot_be_read_at_all_is_told(client, vendor):
    vendor.get(f"{BASE}/v1/events", json={"data": [], "has_more": False})
    vendor.get(f"{BASE}/v1/customers", status=403, json={})
    with pytest.raises(CallRefused):
        client.changes(Kind.CUSTOMER, None)
    vendor.replace("GET", f"{BASE}/v1/customers", status=404, json={})
    with pytest.raises(NotThere):
        client.changes(Kind.CUSTOMER, None)


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
    vendor.get(f"{BASE}/v1/events", json={"data": [], "has_more": False})
    vendor.get(f"{BASE}/v1/customers", json=body)
    with pytest.raises(ContractBroken):
        client.changes(Kind.CUSTOMER, None)


def test_a_page_that_comes_twice_is_told(client, vendor):
    vendor.get(f"{BASE}/v1/customers", json={"data": customers(1), "has_more": True})
    with pytest.raises(ContractBroken):
        client.changes(Kind.CUSTOMER, {"since": 0, "listing": {"after": "cus_0"}})


# --- payments


def test_payments_are_joined_from_two_lists_without_a_call_for_each(client, lists):
    lists.rows["/v1/payment_intents"] = [intent(n) for n in range(250)]
    lists.rows["/v1/invoice_payments"] = [paid(n) for n in range(250) if n % 2]
    rows, _ = everything(client, Kind.PAYMENT)
    assert [row["id"] for row in rows] == [f"pi_{n}" for n in reversed(range(250))]
    assert {row["id"]: [one["id"] for one in row["invoice_payments"]] for row in rows} == {
        f"pi_{n}": [f"inpay_{n}"] if n % 2 else [] for n in range(250)
    }
    assert len(lists.asked) == 1 + 3 + 2


def test_an_invoice_payment_much_younger_than_its_intent_waits_for_it(client, lists):
    lists.rows["/v1/payment_intents"] = [intent(n) for n in range(250)]
    late = intent(249)["created"] + 10
    lists.rows["/v1/invoice_payments"] = [paid(3, created=late), paid(3, created=late - 1) | {"id": "inpay_x"}]
    rows, _ = everything(client, Kind.PAYMENT)
    joined = {row["id"]: [one["id"] for one in row["invoice_payments"]] for row in rows if row["invoice_payments"]}
    assert joined == {"pi_3": ["inpay_3", "inpay_x"]}


def test_a_listed_payment_is_the_same_row_as_a_fetched_one(client, lists, vendor):
    lists.rows["/v1/payment_intents"] = [intent(1)]
    lists.rows["/v1/invoice_payments"] = [paid(1)]
    rows, _ = everything(client, Kind.PAYMENT)
    vendor.get(f"{BASE}/v1/payment_intents/pi_1", json=intent(1))
    assert client.fetch(Kind.PAYMENT, ["pi_1"]) == {"pi_1": rows[0]}
    assert "latest_charge.balance_transaction" in vendor.calls[-2].request.params["expand[]"]


def test_invoice_payments_of_other_money_are_not_kept(client, lists):
    lists.rows["/v1/payment_intents"] = [intent(n) for n in range(101)]
    record = {"id": "inpay_r", "created": 2_000_000, "payment": {"type": "payment_record", "payment_record": "prec_1"}}
    lists.rows["/v1/invoice_payments"] = [record]
    page = client.changes(Kind.PAYMENT, None)
    assert page.cursor["listing"]["waiting"] == {}


def test_a_charge_without_an_intent_is_fetched_as_a_payment(client, vendor):
    vendor.get(f"{BASE}/v1/charges/ch_1", json={"id": "ch_1", "object": "charge"})
    row = client.fetch(Kind.PAYMENT, ["ch_1"])["ch_1"]
    assert row == {
        "id": "ch_1",
        "object": "payment",
        "charge": {"id": "ch_1", "object": "charge"},
        "invoice_payments": [],
    }


@pytest.mark.parametrize("strange", [{"payment": []}, {"payment": {"payment_intent": 5}}])
def test_a_strange_invoice_payment_is_told(client, lists, strange):
    lists.rows["/v1/payment_intents"] = [intent(1)]
    lists.rows["/v1/invoice_payments"] = [{**paid(1), **strange}]
    with pytest.raises(ContractBroken):
        client.changes(Kind.PAYMENT, None)


def test_an_intent_without_its_moment_is_told(client, lists):
    lists.rows["/v1/payment_intents"] = [{"id": "pi_1", "created": True}]
    with pytest.raises(ContractBroken):
        client.changes(Kind.PAYMENT, None)


# --- single rows


def test_an_invoice_with_more_lines_than_it_holds_is_made_whole(client, lists, vendor):
    lines = [{"id": f"il_{n}"} for n in range(130)]
    lists.rows["/v1/invoices/in_1/lines"] = lines
    holding = {**INVOICE, "lines": {"data": lines[:10], "has_more": True}}
    vendor.get(f"{BASE}/v1/invoices/in_1", json=holding)
    row = client.fetch(Kind.INVOICE, ["in_1"])["in_1"]
    assert row["lines"] == {"data": lines, "has_more": False}


def test_products_are_fetched_by_hundreds(client, vendor):
    vendor.get(f"{BASE}/v1/products", json={"data": [{"id": "prod_1"}], "has_more": False})
    assert client.fetch(Kind.PRODUCT, [f"prod_{n}" for n in range(150)]) == {"prod_1": {"id": "prod_1"}}
    assert [len(parse_qs(urlsplit(call.request.url).query)["ids[]"]) for call in vendor.calls] == [100, 50]


def test_an_id_cannot_change_the_path(client, vendor):
    vendor.get(f"{BASE}/v1/customers/..%2Faccount%3Fa", status=404, json={})
    assert client.fetch(Kind.CUSTOMER, ["../account?a"]) == {}


# --- events


def event(n, created, event_type="customer.updated"):
    return {"id": f"evt_{n}", "created": created, "type": event_type, "data": {"object": {"id": f"cus_{n}"}}}


def test_events_since_the_first_page_are_told_oldest_first_and_only_once(client, lists):
    lists.rows["/v1/events"] = [event(0, 5000)]
    lists.rows["/v1/customers"] = customers(1)
    page = client.changes(Kind.CUSTOMER, None)
    assert page.cursor["since"] == 5000
    before_and_after = client.changes(Kind.CUSTOMER, page.cursor)
    assert before_and_after.notifications == []
    lists.rows["/v1/events"] += [event(2, 5020), event(1, 5010), event(9, 5015, "product.updated")]
    told = client.changes(Kind.CUSTOMER, page.cursor)
    assert [one.key for one in told.notifications] == ["evt_1", "evt_2"]
    assert told.cursor["since"] == 5020
    assert client.changes(Kind.CUSTOMER, told.cursor).notifications == []


def test_what_happens_while_the_rows_are_listed_is_told_afterwards(client, lists):
    lists.rows["/v1/events"] = [event(n, 5000) for n in range(120)] + [event(500, 4000)]
    lists.rows["/v1/customers"] = customers(150)
    page = client.changes(Kind.CUSTOMER, None)
    lists.rows["/v1/events"] += [event(200, 5000), event(201, 5001)]
    page = client.changes(Kind.CUSTOMER, page.cursor)
    assert not page.more
    keys = []
    for _ in range(2):
        page = client.changes(Kind.CUSTOMER, page.cursor)
        keys += [one.key for one in page.notifications]
    assert sorted(keys) == ["evt_200", "evt_201"]


def test_an_event_that_appears_after_a_younger_one_is_still_told(client, lists):
    lists.rows["/v1/events"] = [event(1, 5000)]
    told = client.changes(Kind.CUSTOMER, {"since": 4900, "known": {}})
    lists.rows["/v1/events"] += [event(2, 4999), event(3, 4390)]
    again = client.changes(Kind.CUSTOMER, told.cursor)
    assert [one.key for one in again.notifications] == ["evt_2"]


def test_many_events_are_told_page_by_page(client, lists):
    lists.rows["/v1/events"] = [event(n, 5000 + n) for n in range(250)]
    keys, cursor = [], {"since": 5000, "known": {}}
    for more in (True, True, False):
        page = client.changes(Kind.CUSTOMER, json.loads(json.dumps(cursor)))
        keys += [one.key for one in page.notifications]
        cursor = page.cursor
        assert page.more is more
    assert sorted(keys) == sorted(f"evt_{n}" for n in range(250))
    assert cursor["since"] == 5249
    assert len(cursor["known"]) == 250


def test_a_place_among_events_that_is_gone_starts_the_question_over(client, lists):
    cursor = {"since": 5000, "known": {}, "after": "evt_gone", "seen": {}}
    page = client.changes(Kind.CUSTOMER, cursor)
    assert (page.more, page.cursor) == (True, {"since": 5000, "known": {}})


@pytest.mark.parametrize("strange", [{"type": 5}, {"data": []}, {"created": "x"}])
def test_an_event_that_is_none_is_told(client, vendor, strange):
    vendor.get(f"{BASE}/v1/events", json={"data": [{**event(1, 5000), **strange}], "has_more": False})
    with pytest.raises(ContractBroken):
        client.changes(Kind.CUSTOMER, {"since": 0, "known": {}})


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
    rows, _ = everything(client, Kind.REFUND)
    assert [row["id"] for row in rows] == [f"re_{n}" for n in reversed(range(150))]
    assert {row["id"]: row["credit_notes"] for row in rows if row["credit_notes"]} == {
        "re_149": [{"id": "cn_1", "amount": 5}],
        "re_3": [{"id": "cn_1", "amount": 5}, {"id": "cn_2", "amount": 5}],
    }
    assert len(lists.asked) == 1 + 2 + 1


def test_a_fetched_refund_finds_its_credit_notes_through_the_invoices_that_were_paid(client, lists, vendor):
    lists.rows["/v1/refunds"] = [refunded(1)]
    lists.rows["/v1/invoice_payments"] = [{**paid(1), "invoice": "in_1"}, {**paid(1), "id": "i2", "invoice": "in_1"}]
    lists.rows["/v1/credit_notes"] = [credit_note(1, "re_1"), credit_note(2, "re_2"), credit_note(0, "re_1")]
    rows, _ = everything(client, Kind.REFUND)
    vendor.get(f"{BASE}/v1/refunds/re_1", json=refunded(1))
    fetched = client.fetch(Kind.REFUND, ["re_1"])
    assert fetched == {"re_1": rows[0]}
    assert [note["id"] for note in rows[0]["credit_notes"]] == ["cn_0", "cn_1"]
    assert [query["invoice"] for path, query in lists.asked if "invoice" in query] == [["in_1"]]


def test_a_refund_of_a_charge_without_an_intent_is_covered_by_nothing(client, vendor):
    told = {"id": "re_1", "charge": "ch_1", "payment_intent": None}
    vendor.get(f"{BASE}/v1/refunds/re_1", json=told)
    assert client.fetch(Kind.REFUND, ["re_1"])["re_1"] == {
        "id": "re_1",
        "object": "refund",
        "refund": told,
        "credit_notes": [],
    }
    assert vendor.calls[0].request.params["expand[]"] == [
        "charge",
        "balance_transaction",
        "failure_balance_transaction",
    ]


def test_balance_transactions_are_rows_also_after_the_first_import(client, lists):
    lists.rows["/v1/balance_transactions"] = [{"id": f"txn_{n}", "created": 5000 + 60 * n} for n in range(150)]
    rows, cursor = everything(client, Kind.BALANCE_TRANSACTION)
    assert len(rows) == 150
    again = client.changes(Kind.BALANCE_TRANSACTION, cursor)
    assert (again.rows, again.notifications, again.more) == ([], [], False)
    late = {"id": "txn_late", "created": 13_900}
    lists.rows["/v1/balance_transactions"] += [{"id": "txn_new", "created": 15_000}, late]
    told = client.changes(Kind.BALANCE_TRANSACTION, again.cursor)
    assert [row["id"] for row in told.rows] == ["txn_late", "txn_new"]
    assert told.cursor["since"] == 15_000
    assert not any(path == "/v1/events" for path, _ in lists.asked)


def test_prices_come_with_their_tiers_and_subscriptions_with_the_ended_ones(client, lists, vendor):
    everything(client, Kind.PRICE)
    everything(client, Kind.SUBSCRIPTION)
    asked = dict(lists.asked)
    assert asked["/v1/prices"]["expand[]"] == ["data.tiers"]
    assert asked["/v1/subscriptions"]["status"] == ["all"]
    vendor.get(f"{BASE}/v1/prices/price_1", json={"id": "price_1"})
    client.fetch(Kind.PRICE, ["price_1"])
    assert vendor.calls[-1].request.params["expand[]"] == "tiers"


def test_a_subscription_and_a_credit_note_with_more_parts_than_they_hold_are_made_whole(client, lists, vendor):
    parts = [{"id": f"x_{n}"} for n in range(12)]
    lists.rows["/v1/subscription_items"] = parts
    lists.rows["/v1/credit_notes/cn_1/lines"] = parts
    for path, name in (("subscriptions/sub_1", "items"), ("credit_notes/cn_1", "lines")):
        ident = path.split("/")[1]
        vendor.get(f"{BASE}/v1/{path}", json={"id": ident, name: {"data": parts[:10], "has_more": True}})
    for kind, ident, name in ((Kind.SUBSCRIPTION, "sub_1", "items"), (Kind.CREDIT_NOTE, "cn_1", "lines")):
        assert client.fetch(kind, [ident])[ident][name] == {"data": parts, "has_more": False}
    assert lists.asked[0][1]["subscription"] == ["sub_1"]


def test_the_news_of_a_refund_is_also_that_a_credit_note_explains_it(client, lists):
    explained = {**event(1, 5000, "credit_note.created"), "data": {"object": credit_note(1, "re_1")}}
    lists.rows["/v1/events"] = [explained, event(2, 5001, "refund.updated")]
    told = client.changes(Kind.REFUND, {"since": 4900, "known": {}})
    assert [(one.key, one.kind) for one in told.notifications] == [
        ("evt_1", Kind.CREDIT_NOTE),
        ("evt_1:re_1", Kind.REFUND),
        ("evt_2", Kind.REFUND),
    ]
