import pytest
import requests
import stripe


@pytest.fixture
def paid(api, customer):
    """A paid invoice and its charge."""

    def make(amount=10_000, method=None, currency="eur", **params):
        invoice = api.invoices.create({"customer": customer.id, "currency": currency, **params})
        api.invoice_items.create(
            {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": currency}
        )
        given = {}
        if method:
            attached = api.payment_methods.attach(method, {"customer": customer.id})
            given = {"payment_method": attached.id}
        invoice = api.invoices.pay(invoice.id, given)
        return invoice, api.charges.list({"limit": 1}).data[0]

    return make


@pytest.fixture
def outside(base_url):
    """What only the world outside of the API can do."""

    def post(noun, **wanted):
        return requests.post(f"{base_url}/_sandbox/{noun}", json=wanted, timeout=10)

    return post


def told(events):
    return [type_ for type_, _ in events()]


def test_a_refund_takes_money_from_the_balance(api, paid, events):
    _, charge = paid()
    refund = api.refunds.create({"charge": charge.id, "amount": 4000, "reason": "requested_by_customer"})
    assert (refund.status, refund.amount, refund.payment_intent) == ("succeeded", 4000, charge.payment_intent)
    moved = api.balance_transactions.retrieve(refund.balance_transaction)
    assert (moved.type, moved.amount, moved.fee, moved.net, moved.source) == (
        "refund",
        -4000,
        0,
        -4000,
        refund.id,
    )
    charge = api.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (4000, False)
    assert [one.id for one in charge.refunds.data] == [refund.id]
    assert {"refund.created", "charge.refunded"} <= set(told(events))


def test_the_rest_is_refunded_when_no_amount_is_given(api, paid):
    _, charge = paid()
    api.refunds.create({"charge": charge.id, "amount": 4000})
    assert api.refunds.create({"payment_intent": charge.payment_intent}).amount == 6000
    assert api.charges.retrieve(charge.id).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"


def test_no_more_is_refunded_than_was_paid(api, paid):
    _, charge = paid()
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        api.refunds.create({"charge": charge.id, "amount": 10_001})


def test_parts_of_a_converted_charge_add_up_to_the_whole(api, paid):
    _, charge = paid(amount=1010, currency="gbp")
    for _ in range(10):
        api.refunds.create({"charge": charge.id, "amount": 101})  # 1.1615 EUR each, 11.615 in all
    moved = api.balance_transactions.list({"limit": 100}).data
    assert sum(one.amount for one in moved) == 0


def test_a_refund_may_fail_later_and_the_money_is_back(api, paid, vendor, events):
    _, charge = paid(method="pm_card_refundFail")
    refund = api.refunds.create({"charge": charge.id})
    assert refund.status == "succeeded"
    vendor.clock.move_to_offset(61)
    api.balance.retrieve()
    failed = api.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    back = api.balance_transactions.retrieve(failed.failure_balance_transaction)
    assert (back.type, back.amount) == ("refund_failure", 10_000)
    charge = api.charges.retrieve(charge.id)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert "refund.failed" in told(events)


def test_a_refund_may_take_its_time(api, paid, vendor):
    _, charge = paid(method="pm_card_pendingRefund")
    refund = api.refunds.create({"charge": charge.id})
    assert refund.status == "pending"
    vendor.clock.move_to_offset(61)
    api.balance.retrieve()
    assert api.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_can_be_made_to_fail_from_outside(api, paid, outside):
    _, charge = paid()
    refund = api.refunds.create({"charge": charge.id})
    assert outside("refunds", id=refund.id, status="failed").json()["status"] == "failed"
    assert outside("refunds", id=refund.id, status="failed").status_code == 400


def test_a_disputed_charge_loses_its_money_and_a_fee(api, paid, events):
    _, charge = paid(method="pm_card_createDispute")
    dispute = api.disputes.list({"charge": charge.id}).data[0]
    assert (dispute.status, dispute.amount) == ("needs_response", 10_000)
    (moved,) = dispute.balance_transactions
    assert (moved.type, moved.reporting_category) == ("adjustment", "dispute")
    assert (moved.amount, moved.fee, moved.net) == (-10_000, 2000, -12_000)
    assert api.charges.retrieve(charge.id).disputed
    wanted = ["charge.succeeded", "charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert [type_ for type_ in told(events) if type_ in wanted] == wanted
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_disputed"


def test_a_won_dispute_brings_the_money_back_but_not_the_fee(api, paid, events):
    paid(method="pm_card_createDispute")
    dispute = api.disputes.list().data[0]
    won = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert won.status == "won"
    assert [moved.amount for moved in won.balance_transactions] == [-10_000, 10_000]
    assert won.balance_transactions[1].reporting_category == "dispute_reversal"
    assert sum(moved.net for moved in won.balance_transactions) == -2000
    assert {"charge.dispute.funds_reinstated", "charge.dispute.closed"} <= set(told(events))


def test_a_dispute_that_is_given_up_is_lost(api, paid, events):
    paid(method="pm_card_createDispute")
    dispute = api.disputes.close(api.disputes.list().data[0].id)
    assert (dispute.status, len(dispute.balance_transactions)) == ("lost", 1)
    assert "charge.dispute.funds_reinstated" not in told(events)


def test_a_refund_that_needs_the_customer_waits_for_them(api, paid, outside, events):
    _, charge = paid()
    refund = api.refunds.create({"charge": charge.id, "amount": 4000, "instructions_email": "ada@books.example"})
    assert refund.status == "requires_action"
    assert refund.next_action.type == "display_details"
    assert refund.next_action.display_details.email_sent.email_sent_to == "ada@books.example"
    assert api.charges.retrieve(charge.id).amount_refunded == 4000
    assert outside("refunds", id=refund.id, status="succeeded").status_code == 400
    assert outside("refunds", id=refund.id, status="pending").json()["next_action"] is None
    assert outside("refunds", id=refund.id, status="pending").status_code == 400
    assert outside("refunds", id=refund.id, status="succeeded").json()["status"] == "succeeded"
    assert told(events).count("refund.updated") == 2


def test_only_a_refund_that_waits_for_the_customer_can_be_cancelled(api, paid, events):
    _, charge = paid()
    refund = api.refunds.create({"charge": charge.id, "amount": 4000, "instructions_email": "ada@books.example"})
    canceled = api.refunds.cancel(refund.id)
    assert (canceled.status, canceled.next_action) == ("canceled", None)
    moved = (canceled.balance_transaction, canceled.failure_balance_transaction)
    assert [api.balance_transactions.retrieve(one).amount for one in moved] == [-4000, 4000]
    assert api.charges.retrieve(charge.id).amount_refunded == 0
    assert "refund.failed" not in told(events)
    done = api.refunds.create({"charge": charge.id, "amount": 4000})
    with pytest.raises(stripe.InvalidRequestError, match="Only refunds that require action can be canceled"):
        api.refunds.cancel(done.id)


def test_an_inquiry_takes_nothing_and_the_charge_may_be_refunded(api, paid, events):
    _, charge = paid(method="pm_card_createDisputeInquiry")
    inquiry = api.disputes.list({"charge": charge.id}).data[0]
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert inquiry.is_charge_refundable
    assert inquiry.payment_method_details.card.case_type == "inquiry"
    api.refunds.create({"charge": charge.id, "amount": 4000})
    assert api.disputes.retrieve(inquiry.id).status == "warning_needs_response"
    api.refunds.create({"charge": charge.id})
    assert api.disputes.retrieve(inquiry.id).status == "warning_closed"
    assert "charge.dispute.funds_withdrawn" not in told(events)
    assert {"charge.dispute.created", "charge.dispute.closed"} <= set(told(events))


def test_an_inquiry_that_is_answered_is_under_review(api, paid):
    paid(method="pm_card_createDisputeInquiry")
    inquiry = api.disputes.list().data[0]
    answered = api.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": "Signed contract"}})
    assert answered.status == "warning_under_review"
    with pytest.raises(stripe.InvalidRequestError, match="Evidence is not taken any more"):
        api.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": "More"}})


def test_an_inquiry_may_become_a_dispute(api, paid, outside, events):
    _, charge = paid(method="pm_card_createDisputeInquiry")
    inquiry = api.disputes.list().data[0]
    dispute = api.disputes.update(inquiry.id, {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}})
    assert (dispute.status, dispute.is_charge_refundable) == ("needs_response", False)
    assert [(moved.amount, moved.fee) for moved in dispute.balance_transactions] == [(-10_000, 2000)]
    assert "charge.dispute.funds_withdrawn" in told(events)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_disputed"
    assert outside("disputes", id=dispute.id, status="warning_closed").status_code == 400
    won = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, sum(moved.amount for moved in won.balance_transactions)) == ("won", 0)


def test_an_inquiry_that_nobody_takes_further_ends(api, paid, vendor, outside):
    paid(method="pm_card_createDisputeInquiry")
    _, other = paid()
    kept = outside("disputes", charge=other.id, inquiry=True).json()
    outside("disputes", id=kept["id"], status="needs_response")
    vendor.clock.move_to_offset(121 * 86_400)
    api.balance.retrieve()
    assert sorted(one.status for one in api.disputes.list().data) == ["needs_response", "warning_closed"]


def test_a_prevented_dispute_gives_the_money_back_without_a_fee(api, paid, outside, events):
    _, charge = paid()
    dispute = api.disputes.retrieve(outside("disputes", charge=charge.id, prevented="resolution").json()["id"])
    assert (dispute.status, dispute.payment_method_details.card.case_type) == ("prevented", "resolution")
    assert [(moved.amount, moved.fee) for moved in dispute.balance_transactions] == [(-10_000, 0)]
    wanted = ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]
    assert [type_ for type_ in told(events) if type_.startswith("charge.dispute")] == wanted
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_disputed"
    with pytest.raises(stripe.InvalidRequestError, match="Evidence is not taken any more"):
        api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "Signed contract"}})


def test_a_blocked_dispute_moves_nothing_and_leaves_the_charge_alone(api, paid, outside, events):
    _, charge = paid()
    dispute = api.disputes.retrieve(outside("disputes", charge=charge.id, prevented="block").json()["id"])
    assert (dispute.status, dispute.payment_method_details.card.case_type) == ("prevented", "block")
    assert dispute.balance_transactions == []
    assert not api.charges.retrieve(charge.id).disputed
    assert "charge.dispute.funds_withdrawn" not in told(events)
    assert api.refunds.create({"charge": charge.id}).status == "succeeded"
    assert outside("disputes", charge=charge.id, prevented="otherwise").status_code == 400


@pytest.mark.parametrize(("decision", "back"), [("won", 0), ("lost", -10_000)])
def test_a_decision_may_be_appealed_and_is_decided_again(*, api, paid, outside, events, decision, back):
    _, charge = paid(method="pm_card_createDispute")
    dispute = api.disputes.list({"charge": charge.id}).data[0]
    assert outside("disputes", id=dispute.id, status="appeal_needs_response").status_code == 400
    appeal = {"card": {"reason_for_filing": "New facts", "supporting_files": ["file_1"]}}
    with pytest.raises(stripe.InvalidRequestError, match="nothing to appeal"):
        api.disputes.update(dispute.id, {"evidence": {"appeal": appeal}})
    api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "Signed contract"}})
    assert (
        outside("disputes", id=dispute.id, status="appeal_needs_response").json()["status"] == "appeal_needs_response"
    )
    with pytest.raises(stripe.InvalidRequestError, match="only evidence"):
        api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "More"}})
    staged = api.disputes.update(dispute.id, {"evidence": {"appeal": appeal}, "submit": False})
    assert (staged.status, staged.evidence.appeal.card.reason_for_filing) == ("appeal_needs_response", "New facts")
    assert api.disputes.update(dispute.id, {"evidence": {"appeal": appeal}}).status == "appeal_under_review"
    decided = outside("disputes", id=dispute.id, status=decision).json()
    assert decided["status"] == decision
    assert sum(moved["amount"] for moved in decided["balance_transactions"]) == back
    assert told(events).count("charge.dispute.closed") == 1


def test_what_nobody_appeals_in_time_is_lost(api, paid, outside, vendor):
    paid(method="pm_card_createDispute")
    dispute = api.disputes.list().data[0]
    api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "Signed contract"}})
    due = outside("disputes", id=dispute.id, status="appeal_needs_response").json()["evidence_details"]["due_by"]
    assert due > dispute.created + 6 * 86_400
    vendor.clock.move_to_offset(8 * 86_400)
    api.balance.retrieve()
    assert api.disputes.retrieve(dispute.id).status == "lost"


def test_any_charge_can_be_disputed_and_decided_from_outside(api, paid, outside):
    _, charge = paid()
    dispute = outside("disputes", charge=charge.id).json()
    api.disputes.update(dispute["id"], {"evidence": {"uncategorized_text": "Signed contract"}})
    assert api.disputes.retrieve(dispute["id"]).status == "under_review"
    assert outside("disputes", id=dispute["id"], status="won").json()["status"] == "won"


@pytest.fixture
def available(paid, vendor):
    """Charges whose money has become available."""

    def make(*amounts, **params):
        made = [paid(amount, **params)[1] for amount in amounts]
        vendor.clock.move_to_offset(3 * 86_400)
        return made

    return make


def test_an_automatic_payout_is_the_sum_of_its_components(api, available, outside, events):
    first, second = available(10_000, 5000)
    api.refunds.create({"charge": second.id, "amount": 1000})
    payout = api.payouts.retrieve(outside("payouts", currency="eur").json()["id"])
    assert (payout.automatic, payout.status, payout.reconciliation_status) == (
        True,
        "in_transit",
        "in_progress",
    )
    rows = api.balance_transactions.list({"payout": payout.id, "limit": 100}).data
    components = [row for row in rows if row.type != "payout"]
    assert sum(row.net for row in components) == payout.amount == 9825 + 4900 - 1000
    assert {row.source for row in components} >= {first.id, second.id}
    own = api.balance_transactions.retrieve(payout.balance_transaction)
    assert (own.amount, own.type, own.source) == (-payout.amount, "payout", payout.id)
    assert outside("payouts", id=payout.id, status="paid").json()["status"] == "paid"
    assert api.payouts.retrieve(payout.id).reconciliation_status == "completed"
    wanted = ["payout.created", "payout.paid", "payout.reconciliation_completed"]
    assert [type_ for type_ in told(events) if type_ in wanted] == wanted


def test_what_is_not_available_is_not_paid_out(api, paid, outside):
    paid()
    assert outside("payouts", currency="eur").json() is None


def test_a_payout_arrives_by_itself_after_two_days(api, available, outside, vendor):
    available(10_000)
    payout = outside("payouts", currency="eur").json()
    vendor.clock.move_to_offset(6 * 86_400)
    api.balance.retrieve()
    assert api.payouts.retrieve(payout["id"]).status == "paid"


def test_a_payout_may_fail_even_after_it_was_paid(api, available, outside, events):
    available(10_000)
    payout = outside("payouts", currency="eur").json()
    outside("payouts", id=payout["id"], status="paid")
    failed = outside("payouts", id=payout["id"], status="failed").json()
    assert (failed["status"], failed["failure_code"]) == ("failed", "account_closed")
    back = api.balance_transactions.retrieve(failed["failure_balance_transaction"])
    assert (back.type, back.amount) == ("payout_failure", payout["amount"])
    again = outside("payouts", currency="eur").json()
    assert again["amount"] == payout["amount"]
    assert "payout.failed" in told(events)


def test_a_manual_payout_takes_what_is_available_and_cannot_be_broken_down(api, available):
    available(10_000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payouts.create({"amount": 9826, "currency": "eur"})
    assert refused.value.code == "balance_insufficient"
    payout = api.payouts.create({"amount": 9825, "currency": "eur"})
    assert (payout.automatic, payout.status, payout.reconciliation_status) == (
        False,
        "pending",
        "not_applicable",
    )
    with pytest.raises(stripe.InvalidRequestError, match="not manual"):
        api.balance_transactions.list({"payout": payout.id})
    canceled = api.payouts.cancel(payout.id)
    assert canceled.status == "canceled"
    assert {one.currency: one.amount for one in api.balance.retrieve().available}["eur"] == 9825


def test_manual_and_automatic_payouts_do_not_mix(api, available, outside):
    available(10_000)
    manual = api.payouts.create({"amount": 5000, "currency": "eur"})
    assert outside("payouts", currency="eur").status_code == 400
    outside("payouts", id=manual.id, status="failed")
    assert outside("payouts", currency="eur").json()["amount"] == 9825


@pytest.mark.parametrize(
    ("noun", "wanted"), [("disputes", {"id": "du_1", "status": "won"}), ("refunds", {"status": "x"})]
)
def test_a_wrong_wish_from_outside_is_refused(outside, noun, wanted):
    assert outside(noun, **wanted).status_code in (400, 404)
