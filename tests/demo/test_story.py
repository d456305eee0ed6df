"""The story alone, on Stripe's sandbox: every seed has all that the demo promises to show."""

from collections import Counter

import pytest

from demo.story.plans import TAXES
from demo.story.play import Story
from demo.stripe_account import StripeAccount
from demo.stripe_books import read_stripe
from sandbox.server import serve
from sandbox.stripe import Stripe


@pytest.fixture(scope="module", params=[1, 2, 3], ids="seed {}".format)
def account(request):
    vendor = Stripe(seed=request.param)
    server = serve(vendor)
    stripe = StripeAccount(server.base_url, vendor.account.api_key)
    story = Story(stripe, request.param)
    for month in story.months():
        for scene in month:
            story.play(scene)
    story.end()
    yield stripe
    server.close()


@pytest.fixture(scope="module")
def invoices(account):
    return [invoice for invoice in account.all("invoices") if invoice["status"] != "draft"]


def test_forty_customers_have_names_of_their_own_that_are_not_all_plain(account):
    names = [customer["name"] for customer in account.all("customers")]
    assert len(names) == len(set(names)) >= 40
    text = "".join(names)
    assert {'"', "'", "é", "ü", "株"} <= set(text)
    assert any("\N{ARABIC LETTER HAMZA}" <= character <= "\N{ARABIC LETTER YEH}" for character in text)
    assert any(ord(character) > 0xFFFF for character in text)


def test_four_currencies_are_invoiced_with_tax_on_top_within_and_none(account, invoices):
    assert {invoice["currency"] for invoice in invoices} == {"eur", "usd", "jpy", "kwd"}
    rates = {rate["id"]: rate for rate in account.all("tax_rates")}
    used = {tax["tax_rate_details"]["tax_rate"] for invoice in invoices for tax in invoice["total_taxes"]}
    assert {rates[id_]["inclusive"] for id_ in used} == {True, False}
    assert len(used) == len(TAXES)
    assert any(not invoice["total_taxes"] and invoice["total"] for invoice in invoices)


def test_plans_of_every_rhythm_are_billed(account, invoices):
    prices = {price["id"]: price for price in account.all("prices", expand=["data.tiers"])}
    billed = {line["pricing"]["price_details"]["price"] for invoice in invoices for line in invoice["lines"]["data"]}
    recurring = [prices[id_]["recurring"] for id_ in billed if prices[id_]["recurring"]]
    assert {("month", 1), ("month", 3), ("year", 1)} <= {(one["interval"], one["interval_count"]) for one in recurring}
    assert "metered" in {one["usage_type"] for one in recurring}
    assert {prices[id_]["tiers_mode"] for id_ in billed} >= {"graduated", None}


def test_money_goes_back_in_every_way(account, invoices):
    notes = list(account.all("credit_notes"))
    assert {note["type"] for note in notes} == {"pre_payment", "post_payment"}
    totals = {invoice["id"]: invoice["total"] for invoice in invoices}
    refunded = {note["refunds"][0]["amount_refunded"] == totals[note["invoice"]] for note in notes if note["refunds"]}
    assert refunded == {True, False}
    explained = {one["refund"] for note in notes for one in note["refunds"]}
    assert {refund["id"] for refund in account.all("refunds")} - explained


def test_what_happens_to_a_subscription_happens(account, invoices):
    reasons = Counter(invoice["billing_reason"] for invoice in invoices)
    assert reasons["subscription_update"]
    assert any(line["parent"]["invoice_item_details"] for one in invoices for line in one["lines"]["data"])
    assert any(invoice["total_discount_amounts"] for invoice in invoices)
    trial = [invoice["customer"] for invoice in invoices if invoice["total"] == 0]
    paid = {invoice["customer"] for invoice in invoices if invoice["status"] == "paid" and invoice["total"]}
    assert trial
    assert set(trial) <= paid
    failed_first = [invoice for invoice in invoices if invoice["attempt_count"] > 1]
    assert {invoice["status"] for invoice in failed_first} == {"paid", "open"}


def test_one_is_void_and_one_is_uncollectible_and_both_are_read_so(account, invoices):
    states = Counter(invoice["status"] for invoice in invoices)
    assert (states["void"], states["uncollectible"]) == (1, 1)
    books = read_stripe(account)
    assert len(books.voided) == len(books.given_up) == 1
    assert books.empty
    assert not books.voided & {document.number for document in books.documents}
