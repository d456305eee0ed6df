"""What can happen to a customer, each as a few calls to Stripe's API. Nothing here knows of the hub."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from demo.story.plans import METER, PLANS, PRICES, Catalogue
from demo.stripe_account import StripeAccount

_SEATS_MAX = 9
_SEATS_BY_THE_DOZEN_MAX = 40
_USAGE_MAX = 9000
_GOOD_CARD = "pm_card_visa"
_CARD_WITHOUT_MONEY = "pm_card_chargeCustomerFail"
_DAYS_UNTIL_DUE = 14


@dataclass(slots=True)
class Buyer:
    """A customer, as the story goes on."""

    id: str
    currency: str
    tax: str
    card: str = ""
    subscription: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    stripe: StripeAccount
    catalogue: Catalogue
    random: Random

    def tax(self, buyer: Buyer) -> dict[str, Any]:
        return {"default_tax_rates": [self.catalogue.taxes[buyer.tax]]} if buyer.tax else {}

    def attach(self, buyer: Buyer, card: str) -> str:
        method = self.stripe.create(f"payment_methods/{card}/attach", customer=buyer.id)
        return str(method["id"])

    def first_invoice(self, buyer: Buyer) -> dict[str, Any]:
        *_, first = self.stripe.all("invoices", customer=buyer.id)
        return first


Act = Callable[[Stage, Buyer], None]


# --- beginnings ------------------------------------------------------------------------------------------------------


def subscribe(plan: str, *, coupon: str = "", promotion: bool = False, trial_days: int = 0) -> Act:
    def act(stage: Stage, buyer: Buyer) -> None:
        params: dict[str, Any] = {}
        if coupon:
            params["discounts"] = [{"coupon": stage.catalogue.coupons[coupon]}]
        if promotion:
            params["discounts"] = [{"promotion_code": stage.catalogue.promotion_code}]
        if trial_days:
            params["trial_period_days"] = trial_days
        buyer.card = stage.attach(buyer, _GOOD_CARD)
        most = _SEATS_BY_THE_DOZEN_MAX if plan == "seats" else _SEATS_MAX
        buyer.subscription = stage.stripe.create(
            "subscriptions",
            customer=buyer.id,
            default_payment_method=buyer.card,
            items=[
                {
                    "price": stage.catalogue.prices[name, buyer.currency],
                    **({} if PRICES[name].metered else {"quantity": stage.random.randint(2, most)}),
                }
                for name in PLANS[plan]
            ],
            **stage.tax(buyer),
            **params,
        )

    return act


def bill(price: str) -> Act:
    """An invoice for something sold once, which the customer is to pay within two weeks."""

    def act(stage: Stage, buyer: Buyer) -> None:
        invoice = stage.stripe.create(
            "invoices",
            customer=buyer.id,
            currency=buyer.currency,
            collection_method="send_invoice",
            days_until_due=_DAYS_UNTIL_DUE,
            auto_advance=False,
            **stage.tax(buyer),
        )
        stage.stripe.create(
            "invoiceitems",
            customer=buyer.id,
            invoice=invoice["id"],
            pricing={"price": stage.catalogue.prices[price, buyer.currency]},
            quantity=stage.random.randint(2, 5),
        )
        stage.stripe.create(f"invoices/{invoice['id']}/finalize")

    return act


# --- in between ------------------------------------------------------------------------------------------------------


def use(stage: Stage, buyer: Buyer) -> None:
    stage.stripe.create(
        "billing/meter_events",
        event_name=METER,
        payload={"stripe_customer_id": buyer.id, "value": str(stage.random.randint(1, _USAGE_MAX))},
    )


def upgrade_at_once(stage: Stage, buyer: Buyer) -> None:
    _upgrade(stage, buyer, "always_invoice")


def upgrade_on_the_next_invoice(stage: Stage, buyer: Buyer) -> None:
    _upgrade(stage, buyer, "create_prorations")


def _upgrade(stage: Stage, buyer: Buyer, proration: str) -> None:
    item = buyer.subscription["items"]["data"][0]
    stage.stripe.create(
        f"subscriptions/{buyer.subscription['id']}",
        items=[{"id": item["id"], "price": stage.catalogue.prices["business", buyer.currency]}],
        proration_behavior=proration,
    )


def card_breaks(stage: Stage, buyer: Buyer) -> None:
    _use_card(stage, buyer, _CARD_WITHOUT_MONEY)


def card_is_mended(stage: Stage, buyer: Buyer) -> None:
    """What is still open is paid by the next retry."""
    _use_card(stage, buyer, _GOOD_CARD)


def _use_card(stage: Stage, buyer: Buyer, card: str) -> None:
    buyer.card = stage.attach(buyer, card)
    stage.stripe.create(f"subscriptions/{buyer.subscription['id']}", default_payment_method=buyer.card)


def pay(stage: Stage, buyer: Buyer) -> None:
    buyer.card = stage.attach(buyer, _GOOD_CARD)
    stage.stripe.create(f"invoices/{stage.first_invoice(buyer)['id']}/pay", payment_method=buyer.card)


# --- money back, and money that never comes --------------------------------------------------------------------------


def credit_a_part(stage: Stage, buyer: Buyer) -> None:
    """One unit less, before anything was paid."""
    invoice = stage.first_invoice(buyer)
    stage.stripe.create(
        "credit_notes", invoice=invoice["id"], lines=_one_unit(invoice), reason="product_unsatisfactory"
    )


def refund_a_part(stage: Stage, buyer: Buyer) -> None:
    """One unit back, with a credit note for it."""
    invoice = stage.first_invoice(buyer)
    line = invoice["lines"]["data"][0]
    # Stripe: what is given back has to add up to the credit note, so its tax is worked out here as there
    added = sum(tax["amount"] for tax in line["taxes"] or () if tax["tax_behavior"] == "exclusive")
    worth = sum(_nearest(amount, line["quantity"]) for amount in (line["amount"], added))
    stage.stripe.create(
        "credit_notes", invoice=invoice["id"], lines=_one_unit(invoice), refund_amount=worth, reason="order_change"
    )


def refund_all(stage: Stage, buyer: Buyer) -> None:
    invoice = stage.first_invoice(buyer)
    lines = [_credited(line, line["quantity"]) for line in invoice["lines"]["data"]]
    stage.stripe.create(
        "credit_notes", invoice=invoice["id"], lines=lines, refund_amount=invoice["total"], reason="duplicate"
    )


def refund_without_credit_note(stage: Stage, buyer: Buyer) -> None:
    """A third of what was paid, as a favour; nobody says what for."""
    (payment,) = stage.stripe.all("invoice_payments", invoice=stage.first_invoice(buyer)["id"], status="paid")
    stage.stripe.create(
        "refunds",
        payment_intent=payment["payment"]["payment_intent"],
        amount=payment["amount_paid"] // 3,
        reason="requested_by_customer",
    )


def void(stage: Stage, buyer: Buyer) -> None:
    stage.stripe.create(f"invoices/{stage.first_invoice(buyer)['id']}/void")


def give_up(stage: Stage, buyer: Buyer) -> None:
    """Uncollectible: nobody expects the money any more, but it is owed."""
    stage.stripe.create(f"invoices/{stage.first_invoice(buyer)['id']}/mark_uncollectible")


def _one_unit(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    return [_credited(invoice["lines"]["data"][0], 1)]


def _credited(line: dict[str, Any], quantity: int) -> dict[str, Any]:
    return {"type": "invoice_line_item", "invoice_line_item": line["id"], "quantity": quantity}


def _nearest(amount: int, parts: int) -> int:
    """One part of so many, half up."""
    return (2 * amount + parts) // (2 * parts)
