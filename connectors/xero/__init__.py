"""Xero, the ledger: invoices and payments are written as the gateway made them, and read back to the cent.

The item carries price and product, the tax code is a choice of the bookkeeper's: neither products nor tax rates are
written. What the numbers below rest on, and how to get a real sandbox, is in README.md.
"""

from connectors.contract import Connector, OAuth, RateLimit, Reads, Role, Webhook, Writes
from connectors.rows import needed_text
from connectors.xero import translate, webhook
from connectors.xero.client import XeroClient
from connectors.xero.elements import Endpoint, version
from connectors.xero.endpoints import CONTACTS, INVOICES, ITEMS, PAYMENTS
from core.kinds import Kind


def _reads(endpoint: Endpoint) -> Reads:
    return Reads(remote_id=lambda row: needed_text(row, endpoint.id_name), version=version)


def _always(_entity: object, _is_there: bool) -> bool:
    return True


XERO = Connector(
    vendor="xero",
    role=Role.LEDGER,
    client=XeroClient,
    reads={
        Kind.CUSTOMER: _reads(CONTACTS),
        Kind.PRICE: _reads(ITEMS),
        Kind.INVOICE: _reads(INVOICES),
        Kind.PAYMENT: _reads(PAYMENTS),
    },
    writes={
        Kind.CUSTOMER: Writes(
            owes=_always,
            row=translate.contact,
            call=CONTACTS.call,
            rows=CONTACTS.rows,
            answer=CONTACTS.answer,
            differs=CONTACTS.differs,
            question=CONTACTS.question,
            found=CONTACTS.found,
            natural_key=CONTACTS.key,
            batch_max=40,
            on_demand=True,
        ),
        Kind.PRICE: Writes(
            owes=_always,
            row=translate.item,
            call=ITEMS.call,
            rows=ITEMS.rows,
            answer=ITEMS.answer,
            differs=ITEMS.differs,
            question=ITEMS.question,
            found=ITEMS.found,
            natural_key=ITEMS.key,
            batch_max=35,
            slots=(translate.INCOME_ACCOUNT,),
            on_demand=True,
        ),
        Kind.INVOICE: Writes(
            owes=translate.owes_invoice,
            row=translate.invoice,
            call=INVOICES.call,
            rows=INVOICES.rows,
            answer=INVOICES.answer,
            differs=INVOICES.differs,
            question=INVOICES.question,
            found=INVOICES.found,
            natural_key=INVOICES.key,
            batch_max=50,
            line_slots=(translate.INCOME_ACCOUNT, translate.TAX_CODE),
        ),
        Kind.PAYMENT: Writes(
            owes=translate.owes_payment,
            row=translate.payment,
            call=PAYMENTS.call,
            rows=PAYMENTS.rows,
            answer=PAYMENTS.answer,
            differs=PAYMENTS.differs,
            question=PAYMENTS.question,
            found=PAYMENTS.found,
            natural_key=PAYMENTS.key,
            batch_max=50,
            slots=(translate.CLEARING_ACCOUNT,),
            parts=translate.payment_parts,
        ),
    },
    limit=RateLimit(calls=60, per_seconds=60),
    webhook=Webhook(verify=webhook.verify, parse=webhook.parse, max_bytes=1024 * 1024),
    oauth=OAuth(token_path="/connect/token", refresh_ahead_seconds=120),  # noqa: S106 - a path
    settle_seconds=330,
    pulls=(Kind.CUSTOMER, Kind.PRICE, Kind.INVOICE, Kind.PAYMENT),
    poll_seconds=600,  # four calls each time, of 5,000 a day
)
