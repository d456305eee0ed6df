"""What must hold of money whatever happens, under Hypothesis."""

import json
from decimal import Decimal
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kit import Request
from sandbox.stripe import Stripe
from sandbox.stripe.cycles import Rhythm
from sandbox.stripe.money import shared
from sandbox.stripe.pricing import cost
from sandbox.stripe.totals import Billed, Off, Rate, price

DAY = 86_400


class World:
    """A sandbox of its own, asked without a network between."""

    def __init__(self):
        self.vendor = Stripe()
        self.customer = self.post("customers", name="Acme")["id"]

    def ask(self, method, path, query="", body=""):
        headers = {"authorization": "Bearer sk_test_sandbox_subledger"}
        response = self.vendor.handle(Request(method, path, query, headers, body.encode()))
        return response.status, json.loads(response.body)

    def post(self, path, /, **params):
        status, body = self.ask("POST", f"/v1/{path}", "", urlencode(params))
        assert status == 200, body
        return body

    def try_to_post(self, path, /, **params):
        """None where the vendor refuses."""
        status, body = self.ask("POST", f"/v1/{path}", "", urlencode(params))
        return body if status == 200 else None

    def list(self, path, **params):
        found = []
        while True:
            status, page = self.ask("GET", f"/v1/{path}", urlencode({"limit": 100, **params}))
            assert status == 200, page
            found += page["data"]
            if not page["has_more"]:
                return found
            params["starting_after"] = page["data"][-1]["id"]

    def admin(self, noun, **wanted):
        request = Request("POST", f"/_sandbox/{noun}", "", {}, json.dumps(wanted).encode())
        response = self.vendor.administer(request)
        return json.loads(response.body) if response.status == 200 else None


percentages = st.decimals(0, 100, places=3, allow_nan=False)
rates = st.lists(st.builds(Rate, st.uuids().map(str), percentages, st.booleans()), max_size=3).map(tuple)
offs = st.lists(
    st.one_of(
        st.builds(Off, st.uuids().map(str), percentages, st.none()),
        st.builds(Off, st.uuids().map(str), st.none(), st.integers(1, 10**6)),
    ),
    max_size=2,
).map(tuple)
lines = st.lists(st.builds(Billed, st.integers(-(10**6), 10**7), rates, offs, st.booleans()), min_size=1, max_size=6)


@given(lines, offs, st.booleans())
def test_a_total_is_its_lines_less_discounts_plus_taxes(billed, document_offs, exempt):
    for line in price(billed, document_offs, exempt=exempt):
        off = sum(amount for _, amount in line.discounts)
        exclusive = sum(tax.amount for tax in line.taxes if not tax.rate.inclusive)
        assert line.total == line.billed.amount - off + exclusive
        assert line.excluding_tax + sum(tax.amount for tax in line.taxes) == line.total
        assert off == 0 or 0 <= off <= line.billed.amount
        assert not exempt or all(tax.amount == 0 for tax in line.taxes)


@given(lines)
def test_every_tax_is_its_rate_to_half_a_cent(billed):
    for line in price(billed):
        inclusive = sum((rate.percentage for rate in line.billed.rates if rate.inclusive), Decimal(0))
        for tax in line.taxes:
            if tax.rate.inclusive:
                exact = Decimal(line.discounted) * tax.rate.percentage / (100 + inclusive)
            else:
                exact = Decimal(tax.taxable) * tax.rate.percentage / 100
            assert abs(tax.amount - exact) <= Decimal("0.5") + Decimal("1e-9")


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_shares_add_up_and_are_fair(amount, weights):
    shares = shared(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Decimal(amount * weight) / sum(weights)) < 1


def tiered(mode, tops, units, flats):
    tiers = [
        {"up_to": top, "unit_amount_decimal": str(unit), "flat_amount_decimal": str(flat)}
        for top, unit, flat in zip([*sorted(tops), None], units, flats, strict=False)
    ]
    return {"billing_scheme": "tiered", "tiers_mode": mode, "_tiers": tiers, "transform_quantity": None}


tier_lists = st.integers(1, 4).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(1, 1000), min_size=count - 1, max_size=count - 1, unique=True),
        st.lists(st.decimals(0, 1000, places=4), min_size=count, max_size=count),
        st.lists(st.integers(0, 5000), min_size=count, max_size=count),
    )
)


@given(tier_lists, st.integers(0, 2000))
def test_graduated_tiers_price_unit_by_unit(tiers, quantity):
    tops, units, flats = tiers
    found = cost(tiered("graduated", tops, units, flats), Decimal(quantity))
    bounds = [*sorted(tops), 10**9]
    of_unit = [next(at for at, top in enumerate(bounds) if number <= top) for number in range(1, quantity + 1)]
    reached = max(of_unit, default=0)
    exact = sum((units[at] for at in of_unit), Decimal(0)) + sum(flats[: reached + 1])
    assert abs(found - exact) <= Decimal("0.5")


@given(tier_lists, st.integers(0, 2000))
def test_volume_tiers_price_all_units_alike(tiers, quantity):
    tops, units, flats = tiers
    found = cost(tiered("volume", tops, units, flats), Decimal(quantity))
    at = next((at for at, top in enumerate(sorted(tops)) if quantity <= top), len(tops))
    assert abs(found - (units[at] * quantity + flats[at])) <= Decimal("0.5")


@given(
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(1, 3),
    st.integers(1_600_000_000, 1_800_000_000),
    st.integers(-400, 400),
)
def test_boundaries_follow_one_another(interval, count, anchor, days):
    rhythm = Rhythm(interval, count, anchor)
    at = anchor + days * DAY
    end = rhythm.next_after(at)
    start = rhythm.last_before(end)
    assert start <= at < end
    assert rhythm.next_after(start) == end


invoice_lines = st.lists(
    st.tuples(st.integers(-500, 50_000), st.integers(1, 5), st.integers(0, 2)), min_size=1, max_size=4
)


@settings(max_examples=40, deadline=None)
@given(invoice_lines, st.integers(0, 30), st.integers(-2000, 2000))
def test_an_invoices_sums_agree_with_its_lines_and_its_balance(drawn, percent_off, balance):
    world = World()
    taxes = [
        world.post("tax_rates", display_name="VAT", inclusive=inclusive, percentage=percentage)["id"]
        for inclusive, percentage in (("false", "19"), ("true", "7"), ("false", "9.975"))
    ]
    if balance:
        world.post(f"customers/{world.customer}/balance_transactions", amount=balance, currency="eur")
    discounts = {}
    if percent_off:
        discounts = {"discounts[0][coupon]": world.post("coupons", percent_off=percent_off)["id"]}
    draft = world.post("invoices", customer=world.customer, currency="eur", **discounts)
    for unit, quantity, rate in drawn:
        world.post(
            "invoiceitems",
            customer=world.customer,
            invoice=draft["id"],
            unit_amount_decimal=unit,
            quantity=quantity,
            **{"tax_rates[]": taxes[rate]},
        )
    invoice = world.post(f"invoices/{draft['id']}/finalize")
    listed = invoice["lines"]["data"]
    exclusive = [tax["amount"] for line in listed for tax in line["taxes"] if tax["tax_behavior"] == "exclusive"]
    off = sum(one["amount"] for line in listed for one in line["discount_amounts"])
    assert invoice["subtotal"] == sum(line["amount"] for line in listed)
    assert invoice["total"] == invoice["subtotal"] - off + sum(exclusive)
    assert invoice["total"] == invoice["total_excluding_tax"] + sum(tax["amount"] for tax in invoice["total_taxes"])
    assert sum(tax["amount"] for tax in invoice["total_taxes"]) == sum(
        tax["amount"] for line in listed for tax in line["taxes"]
    )
    moved = invoice["ending_balance"] - invoice["starting_balance"]
    assert invoice["amount_due"] == invoice["total"] + invoice["starting_balance"] - invoice["ending_balance"]
    moves = world.list(f"customers/{world.customer}/balance_transactions", invoice=invoice["id"])
    assert sum(one["amount"] for one in moves) == moved
    assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]


steps = st.lists(
    st.tuples(
        st.sampled_from(["charge", "refund", "fail", "dispute", "decide", "wait", "payout", "return"]),
        st.integers(0, 10**6),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_the_balance_is_the_sum_of_its_movements_and_a_payout_that_of_its_components(drawn):
    world, days = World(), 0
    currencies = ("eur", "usd", "jpy", "kwd")
    for step, number in drawn:
        charges = [one["id"] for one in world.list("charges")]
        refunds = [one["id"] for one in world.list("refunds")]
        disputes = [one["id"] for one in world.list("disputes")]
        payouts = [one["id"] for one in world.list("payouts")]
        match step:
            case "charge":
                world.post(
                    "payment_intents",
                    amount=200 + number // 10 * 10,
                    currency=currencies[number % 4],
                    payment_method="pm_card_visa",
                    confirm="true",
                )
            case "refund" if charges:
                world.try_to_post("refunds", charge=charges[number % len(charges)], amount=1 + number // 1000)
            case "fail" if refunds:
                world.admin("refunds", id=refunds[number % len(refunds)], status="failed")
            case "dispute" if charges:
                world.admin("disputes", charge=charges[number % len(charges)])
            case "decide" if disputes:
                world.admin("disputes", id=disputes[number % len(disputes)], status=["won", "lost"][number % 2])
            case "wait":
                days += 1 + number % 3
                world.vendor.clock.move_to_offset(days * DAY)
            case "payout":
                world.admin("payouts", currency=currencies[number % 3])
            case "return" if payouts:
                world.admin("payouts", id=payouts[number % len(payouts)], status="failed")
    _, balance = world.ask("GET", "/v1/balance")
    moved = world.list("balance_transactions")
    for status in ("available", "pending"):
        for shown in balance[status]:
            rows = [row for row in moved if row["status"] == status and row["currency"] == shown["currency"]]
            assert shown["amount"] == sum(row["net"] for row in rows)
    for row in moved:
        assert row["net"] == row["amount"] - row["fee"]
        assert row["fee"] == sum(fee["amount"] for fee in row["fee_details"])
    for payout in world.list("payouts"):
        components = [row for row in world.list("balance_transactions", payout=payout["id"]) if row["type"] != "payout"]
        assert sum(row["net"] for row in components) == payout["amount"]
    taken = [
        row["id"] for payout in world.list("payouts") for row in world.list("balance_transactions", payout=payout["id"])
    ]
    assert len(taken) == len(set(taken))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 27), st.integers(0, 9)), min_size=1, max_size=5), st.integers(1, 99_999))
def test_prorations_never_credit_more_than_was_charged_and_end_where_the_last_quantity_says(drawn, unit):
    world = World()
    clock = world.post("test_helpers/test_clocks", frozen_time=1_767_225_600)["id"]  # 2026-01-01
    owner = world.post("customers", test_clock=clock, payment_method="pm_card_visa")["id"]
    method = world.list(f"customers/{owner}/payment_methods")[0]["id"]
    world.post(f"customers/{owner}", **{"invoice_settings[default_payment_method]": method})
    product = world.post("products", name="Plan")["id"]
    monthly = world.post(
        "prices", product=product, currency="eur", unit_amount=unit, **{"recurring[interval]": "month"}
    )["id"]
    made = world.post("subscriptions", customer=owner, **{"items[0][price]": monthly, "items[0][quantity]": 1})
    item = made["items"]["data"][0]
    start, end = item["current_period_start"], item["current_period_end"]
    exact, since, quantity = Decimal(0), start, 1
    for day, wanted in sorted(drawn):
        at = start + day * DAY
        if at > since:
            exact += Decimal(unit) * quantity * (at - since) / (end - start)
            world.post(f"test_helpers/test_clocks/{clock}/advance", frozen_time=at)
        world.post(
            f"subscriptions/{made['id']}",
            **{"items[0][id]": item["id"], "items[0][quantity]": wanted},
        )
        since, quantity = at, wanted
    exact += Decimal(unit) * quantity * (end - since) / (end - start)
    prorations = [one["amount"] for one in world.list("invoiceitems", customer=owner)]
    charged = unit + sum(prorations)
    assert abs(charged - exact) <= Decimal("0.5") * (len(prorations) + 1)
    assert charged >= 0


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 99_999), st.integers(1, 7), st.integers(0, 40))
def test_crediting_a_line_piece_by_piece_credits_all_of_it(unit, quantity, percent_off):
    world = World()
    rate = world.post("tax_rates", display_name="VAT", inclusive="false", percentage="19")["id"]
    params = {"collection_method": "send_invoice", "days_until_due": 30}
    if percent_off:
        params["discounts[0][coupon]"] = world.post("coupons", percent_off=percent_off)["id"]
    draft = world.post("invoices", customer=world.customer, currency="eur", **params)
    world.post(
        "invoiceitems",
        customer=world.customer,
        invoice=draft["id"],
        unit_amount_decimal=unit,
        quantity=quantity,
        **{"tax_rates[]": rate},
    )
    invoice = world.post(f"invoices/{draft['id']}/finalize")
    line = {
        "lines[0][type]": "invoice_line_item",
        "lines[0][invoice_line_item]": invoice["lines"]["data"][0]["id"],
    }
    notes = [
        world.post("credit_notes", invoice=invoice["id"], **line, **{"lines[0][quantity]": 1}) for _ in range(quantity)
    ]
    assert sum(note["total"] for note in notes) == invoice["total"]
    _, after = world.ask("GET", f"/v1/invoices/{invoice['id']}")
    assert (after["status"], after["amount_remaining"]) == ("paid", 0)
