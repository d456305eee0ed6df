"""The outside of the hub: a shop that sells at Stripe, a ledger at Xero, and what both of them wrote down."""

import itertools
import json
from collections import Counter

import requests

from demo import auditor
from demo.stripe_account import USER_AGENT, StripeAccount
from demo.stripe_books import read_stripe
from demo.workspace import REFUNDS_ACCOUNT
from demo.xero_books import XeroOrganisation, read_xero
from sandbox import command
from sandbox.xero.webhooks import SIGNING_KEY

TAXES = {"": None, "19": {"percentage": "19", "country": "DE"}, "7": {"percentage": "7", "country": "DE"}}

RULEBOOK = {
    "slots": {
        "income_account": [{"use": "200"}],
        "tax_code": [{"when": {"tax": "19"}, "use": "OUTPUT"}, {"when": {"tax": ""}, "use": "NONE"}],
        "refunds_to_classify": [{"use": "1250"}],
        "clearing_account": [
            {"when": {"currency": "EUR"}, "use": "1200"},
            {"when": {"currency": "USD"}, "use": "1201"},
        ],
    }
}

_GRANTED = ("client_id", "client_secret", "access_token", "refresh_token")

RATES = [{"currency": "USD", "on": "2020-01-01", "value": "0.92", "source": "test"}]


class Outside:
    """Both sandboxes, served by this process, and a person who uses them through their public interfaces."""

    def __init__(self):
        self._sandboxes = command.start()
        self.line = self._sandboxes.line()
        self._session = requests.Session()
        self._session.trust_env = False
        keys = self.line["stripe"]
        self.stripe = StripeAccount(keys["base_url"], keys["api_key"])
        self._catalogue = {}
        self._numbers = itertools.count(1)

    def close(self):
        self._sandboxes.close()

    # --- the doors that only sandboxes have --------------------------------------------------------------------------

    def reset(self):
        """Both as new; the bookkeeper has an account for refunds that nothing explains yet."""
        for vendor in self.line:
            self._admin("POST", vendor, "reset", {})
        self._catalogue.clear()
        refunds = {"Code": REFUNDS_ACCOUNT, "Name": "Refunds to classify", "Type": "CURRENT"}
        self.xero("PUT", "Accounts", {**refunds, "EnablePaymentsToAccount": True})

    def fail(self, vendor, *faults):
        self._admin("POST", vendor, "faults", {"faults": list(faults)})

    def mend(self):
        for vendor in self.line:
            self._admin("DELETE", vendor, "faults")

    def move_clock(self, vendor, seconds):
        self._admin("POST", vendor, "clock", {"offset_seconds": seconds})

    def state(self, vendor):
        return self._admin("GET", vendor, "state")

    def calls(self, vendor, after=0):
        """What the hub asked of the vendor, in the vendor's own log."""
        calls = self._admin("GET", vendor, f"calls?after={after}")["calls"]
        return [call for call in calls if call["headers"].get("user-agent") != USER_AGENT]

    def creations(self):
        """(kind, natural key) of whatever was made at Xero by the hub, as often as it was made."""
        return Counter(
            (effect["kind"], json.dumps({name: effect[name] for name in effect if name not in {"id", "operation"}}))
            for call in self.calls("xero")
            for effect in call["effects"]
            if effect["operation"] == "create"
        )

    def deliveries(self):
        """Every attempt of Stripe to deliver a webhook, and how many are still to come."""
        told = self._admin("GET", "stripe", "deliveries")
        return told["deliveries"], told["pending"]

    def subscribe_to_xero(self, url):
        """Xero tests the intent to receive at once."""
        self._admin("POST", "xero", "webhook", {"url": url, "retry_seconds": [0.5]})

    def xero_deliveries(self):
        """(how the subscription stands, every attempt of Xero to deliver a webhook)"""
        told = self._admin("GET", "xero", "deliveries")
        status = told["subscription"]["status"] if told["subscription"] else "NONE"
        return status, [one for one in told["deliveries"] if one["status"] is not None]

    def _admin(self, method, vendor, path, body=None):
        url = f"{self.line[vendor]['base_url']}/_sandbox/{path}"
        answer = self._session.request(method, url, json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    # --- a person at Xero --------------------------------------------------------------------------------------------

    def xero(self, method, path, body=None):
        """One call of a person's own, with the first token."""
        keys = self.line["xero"]
        answer = self._session.request(
            method,
            f"{keys['base_url']}/api.xro/2.0/{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {keys['access_token']}",
                "xero-tenant-id": keys["tenant_id"],
                "Accept": "application/json",
                "User-Agent": USER_AGENT,
            },
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json()

    def delete_item(self, item_id):
        keys = self.line["xero"]
        answer = self._session.delete(
            f"{keys['base_url']}/api.xro/2.0/Items/{item_id}",
            headers={"Authorization": f"Bearer {keys['access_token']}", "xero-tenant-id": keys["tenant_id"]},
            timeout=30,
        )
        assert answer.status_code == 204, answer.text

    # --- the shop ----------------------------------------------------------------------------------------------------

    def customer(self, name=None):
        """With a card. Xero wants every contact to have a name of its own."""
        name = name or f"Ada Bücher {next(self._numbers)} GmbH"
        customer = self.stripe.create("customers", name=name, address={"country": "DE"})
        card = self.stripe.create("payment_methods/pm_card_visa/attach", customer=customer["id"])
        return {**customer, "card": card["id"]}

    def delete_customer(self, customer):
        keys = self.line["stripe"]
        answer = self._session.delete(
            f"{keys['base_url']}/v1/customers/{customer['id']}",
            headers={"Authorization": f"Bearer {keys['api_key']}"},
            timeout=30,
        )
        assert answer.ok, answer.text

    def price(self, currency="eur", amount=4990):
        return self._once("prices", product=self._once("products", name="Pro"), currency=currency, unit_amount=amount)

    def invoice(self, customer, currency="eur", quantity=3, tax="19", postage=333, **more):
        """Finalised and open. With a price line and, where it is taxed, a line whose tax needs rounding."""
        rates = [self._once("tax_rates", display_name="VAT", inclusive=False, **TAXES[tax])] if tax else []
        invoice = self.stripe.create(
            "invoices",
            customer=customer["id"],
            currency=currency,
            default_payment_method=customer["card"],
            auto_advance=False,
            default_tax_rates=rates,
            **more,
        )
        line = {"customer": customer["id"], "invoice": invoice["id"]}
        self.stripe.create("invoiceitems", **line, pricing={"price": self.price(currency)}, quantity=quantity)
        self.stripe.create("invoiceitems", **line, amount=postage, currency=currency, description="Postage")
        return self.stripe.create(f"invoices/{invoice['id']}/finalize")

    def pay(self, invoice):
        return self.stripe.create(f"invoices/{invoice['id']}/pay")

    def sell(self, customer=None, **wanted):
        """A paid invoice."""
        return self.pay(self.invoice(customer or self.customer(), **wanted))

    def intent(self, invoice):
        """The payment intent that paid it."""
        (paid,) = self.stripe.all("invoice_payments", invoice=invoice["id"], status="paid")
        return paid["payment"]["payment_intent"]

    def credit(self, invoice, amount):
        """Taken off while it is open; given back to the card, and explained, once it is paid."""
        note = {"invoice": invoice["id"], "amount": amount}
        if invoice["status"] == "paid":
            refund = self.refund(invoice, amount)
            note["refunds"] = [{"refund": refund["id"], "amount_refunded": amount}]
        return self.stripe.create("credit_notes", **note)

    def refund(self, invoice, amount):
        return self.stripe.create("refunds", payment_intent=self.intent(invoice), amount=amount)

    def trade(self, customer=None):
        """One document of every kind: an invoice that a credit note lowers, paid; some of it is given back with
        another credit note, and some without one."""
        invoice = self.invoice(customer or self.customer())
        self.credit(invoice, 1000)
        paid = self.pay(invoice)
        self.credit(paid, 700)
        self.refund(paid, 300)
        return paid

    def events(self):
        """All that happened at Stripe, the oldest first."""
        return list(self.stripe.all("events"))[::-1]

    def _once(self, path, **params):
        key = json.dumps([path, params], sort_keys=True)
        if key not in self._catalogue:
            self._catalogue[key] = self.stripe.create(path, **params)["id"]
        return self._catalogue[key]

    # --- what stands there -------------------------------------------------------------------------------------------

    def documents(self):
        """(Stripe's, Xero's), as an outside reader finds them."""
        keys = self.line["xero"]
        organisation = XeroOrganisation(keys["base_url"], keys["access_token"], keys["tenant_id"])
        return read_stripe(self.stripe), read_xero(organisation, REFUNDS_ACCOUNT)

    def agree(self):
        return not auditor.mismatches(*self.documents())

    # --- how the hub is told about it --------------------------------------------------------------------------------

    def workspace(self, name="Flow", rulebook=RULEBOOK, stripe=None, xero=None, rates=RATES, xero_base_url=None):
        """As `worker.setup` takes it; `stripe` and `xero` are options of the two connections."""
        keys, ledger = self.line["stripe"], self.line["xero"]
        return {
            "workspace": name,
            "book": {"name": "Flow GmbH", "base_currency": "EUR", "time_zone": "Europe/Berlin", "country": "DE"},
            "connections": [
                {
                    "name": "Stripe",
                    "vendor": "stripe",
                    "environment": "sandbox",
                    "base_url": keys["base_url"],
                    "secrets": {"api_key": keys["api_key"], "webhook_secret": keys["webhook_secret"]},
                    "options": {"calls_per_window": "1000000", **(stripe or {})},
                },
                {
                    "name": "Xero",
                    "vendor": "xero",
                    "environment": "sandbox",
                    "base_url": xero_base_url or ledger["base_url"],
                    "identity_url": ledger["base_url"],
                    "account": ledger["tenant_id"],
                    "secrets": {
                        "webhook_secret": SIGNING_KEY,
                        **{name: ledger[name] for name in _GRANTED},
                    },
                    "rulebook": rulebook,
                    "options": {"calls_per_window": "1000000", "settle_seconds": "1", **(xero or {})},
                },
            ],
            "rates": rates,
        }
