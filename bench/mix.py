"""The standard mix: invoices with a customer of its own each, two lines and one payment, one in twenty credited and
refunded; sold at Stripe's sandbox before it is served, beside an empty Xero.

    python -m bench.mix INVOICES

Prints the sandboxes' addresses and credentials in one line, and serves until its input ends.
"""

import json
import sys

from sandbox.server import serve
from sandbox.stripe import (
    Stripe,
    catalogue,
    credit_notes,
    customers,
    invoice_items,
    invoice_states,
    invoices,
    payment_methods,
    tax_rates,
)
from sandbox.stripe.account import Account
from sandbox.xero import Xero

CREDITED_EVERY = 20
_APART_SECONDS = 25
_AGO_SECONDS = 3600
"""The last of it has happened so long ago."""
_BATCH = 50


def sell(stripe: Stripe, count: int) -> None:
    """Many in one unit of the sandbox, through the same endpoints that a request reaches."""
    account = stripe.account
    account.store.begin()
    product = catalogue.create_product(account, catalogue.CREATE_PRODUCT.parse({"name": "Pro"})).id
    price = {"product": product, "currency": "eur", "unit_amount": "4990"}
    price_id = catalogue.create_price(account, catalogue.CREATE_PRICE.parse(price)).id
    vat = {"display_name": "VAT", "inclusive": "false", "percentage": "19", "country": "DE"}
    rate_id = tax_rates.create(account, tax_rates.CREATE.parse(vat)).id
    account.store.commit()
    for first in range(0, count, _BATCH):
        account.store.begin()
        for number in range(first, min(first + _BATCH, count)):
            stripe.clock.move_to_offset((number - count) * _APART_SECONDS - _AGO_SECONDS)
            _sale(account, number, price_id, rate_id)
        account.store.commit()
    stripe.clock.move_to_offset(0)


def _sale(account: Account, number: int, price_id: str, rate_id: str) -> None:
    whose = {
        "name": f"Customer {number} GmbH",
        "email": f"books{number}@customers.example",
        "address": {"country": "DE"},
    }
    customer = customers.create(account, customers.CREATE.parse(whose)).id
    card = payment_methods.attach(account, payment_methods.ATTACH.parse({"customer": customer}), "pm_card_visa")
    draft = {
        "customer": customer,
        "currency": "eur",
        "auto_advance": "false",
        "default_payment_method": card.id,
        "default_tax_rates": {"0": rate_id},
    }
    invoice = invoices.create(account, invoices.CREATE.parse(draft)).id
    line = {"customer": customer, "invoice": invoice}
    priced = {**line, "pricing": {"price": price_id}, "quantity": "3"}
    invoice_items.create(account, invoice_items.CREATE.parse(priced))
    postage = {**line, "amount": "333", "currency": "eur", "description": "Postage"}
    invoice_items.create(account, invoice_items.CREATE.parse(postage))
    invoices.finalize(account, {}, invoice)
    total = invoice_states.pay(account, {}, invoice)["total"]
    if number % CREDITED_EVERY == 0:
        back = {"invoice": invoice, "amount": str(total), "refund_amount": str(total)}
        credit_notes.create(account, credit_notes.CREATE.parse(back))


def main(invoices_wanted: int) -> None:
    stripe, xero = Stripe(), Xero()
    sell(stripe, invoices_wanted)
    servers = [serve(vendor) for vendor in (stripe, xero)]
    line = {
        vendor.name: {"base_url": server.base_url, **vendor.credentials()}
        for vendor, server in zip((stripe, xero), servers, strict=True)
    }
    print(json.dumps(line), flush=True)
    sys.stdin.read()
    for server in servers:
        server.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
