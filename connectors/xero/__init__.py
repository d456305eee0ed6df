"""Xero, the ledger: what the gateway made and moved is written as it was, and read back to the cent.

The item carries price and product, the tax code is a choice of the bookkeeper's: neither products nor tax rates are
written, nor coupons and subscriptions, which Xero does not know. What the numbers below rest on, and how to get a real
sandbox, is in README.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from connectors.contract import Connector, OAuth, Periods, RateLimit, Reads, Role, Row, Webhook, Writes
from connectors.rows import needed_text, text
from connectors.xero import allocations, figures, invoices, organisation, paid_out, webhook
from connectors.xero.client import XeroClient
from connectors.xero.elements import ROOT, Endpoint, version
from connectors.xero.endpoints import (
    BANK_TRANSACTIONS,
    CONTACTS,
    CREDIT_NOTES,
    CREDIT_PAYMENTS,
    INVOICES,
    ITEMS,
    PAYMENTS,
)
from connectors.xero.translate import catalogue, documents, settlements
from connectors.xero.translate.amounts import CLEARING_ACCOUNT, INCOME_ACCOUNT, REFUNDS_TO_CLASSIFY, TAX_CODE
from core.figures import Figures
from core.kinds import Kind

_BATCH = 50
"""Elements in one call. A question about fewer fits into a query of the length that web servers take."""


def _reads(
    endpoint: Endpoint, amounts: Callable[[Row], Figures | None] | None = None, also: Sequence[Kind] = ()
) -> Reads:
    return Reads(remote_id=lambda row: needed_text(row, endpoint.id_name), version=version, figures=amounts, also=also)


def _always(_entity: object, _is_there: bool) -> bool:
    return True


XERO = Connector(
    vendor="xero",
    role=Role.LEDGER,
    client=XeroClient,
    reads={
        Kind.CUSTOMER: replace(_reads(CONTACTS), merged_into=lambda row: text(row, "MergedToContactID").lower()),
        Kind.PRICE: _reads(ITEMS),
        Kind.INVOICE: _reads(INVOICES, figures.of_invoice),
        Kind.PAYMENT: _reads(PAYMENTS, figures.of_payment),
        Kind.CREDIT_NOTE: _reads(CREDIT_NOTES, figures.of_credit_note, also=[Kind.INVOICE]),
        Kind.REFUND: _reads(BANK_TRANSACTIONS),
        Kind.CREDIT_REFUND: _reads(CREDIT_PAYMENTS),
    },
    writes={
        Kind.CUSTOMER: Writes(
            owes=_always,
            row=catalogue.contact,
            call=CONTACTS.call,
            rows=CONTACTS.rows,
            answer=CONTACTS.answer,
            differs=CONTACTS.differs,
            question=CONTACTS.question,
            found=CONTACTS.found,
            natural_key=CONTACTS.key,
            batch_max=_BATCH,
            question_max=40,
            on_demand=True,
        ),
        Kind.PRICE: Writes(
            owes=_always,
            row=catalogue.item,
            call=ITEMS.call,
            rows=ITEMS.rows,
            answer=ITEMS.answer,
            differs=ITEMS.differs,
            question=ITEMS.question,
            found=ITEMS.found,
            natural_key=ITEMS.key,
            batch_max=_BATCH,
            question_max=35,
            slots=(INCOME_ACCOUNT,),
            on_demand=True,
        ),
        Kind.INVOICE: Writes(
            owes=documents.owes_invoice,
            row=documents.invoice,
            call=invoices.call,
            rows=invoices.rows,
            answer=invoices.answer,
            differs=invoices.differs,
            question=invoices.question,
            found=invoices.found,
            natural_key=invoices.key,
            apart=invoices.apart,
            batch_max=_BATCH,
            line_slots=(INCOME_ACCOUNT, TAX_CODE),
            removes=documents.is_void,
            rests_on_it=(Kind.ALLOCATION,),
        ),
        Kind.PAYMENT: Writes(
            owes=settlements.owes_payment,
            row=settlements.payment,
            call=PAYMENTS.call,
            rows=PAYMENTS.rows,
            answer=PAYMENTS.answer,
            differs=PAYMENTS.differs,
            question=PAYMENTS.question,
            found=PAYMENTS.found,
            natural_key=PAYMENTS.key,
            batch_max=_BATCH,
            slots=(CLEARING_ACCOUNT,),
            parts=settlements.payment_parts,
        ),
        Kind.CREDIT_NOTE: Writes(
            owes=documents.owes_credit_note,
            row=documents.credit_note,
            call=CREDIT_NOTES.call,
            rows=CREDIT_NOTES.rows,
            answer=CREDIT_NOTES.answer,
            differs=CREDIT_NOTES.differs,
            question=CREDIT_NOTES.question,
            found=CREDIT_NOTES.found,
            natural_key=CREDIT_NOTES.key,
            batch_max=_BATCH,
            question_max=30,
            line_slots=(INCOME_ACCOUNT, TAX_CODE),
            removes=documents.is_void,
            rests_on_it=(Kind.ALLOCATION,),
        ),
        Kind.ALLOCATION: Writes(
            owes=settlements.owes_allocation,
            row=settlements.allocation,
            call=allocations.call,
            rows=allocations.rows,
            answer=allocations.answer,
            differs=allocations.differs,
            question=allocations.question,
            found=allocations.found,
            natural_key=allocations.key,
            removes=settlements.is_void,
        ),
        Kind.REFUND: Writes(
            owes=settlements.owes_refund,
            row=settlements.refund,
            call=BANK_TRANSACTIONS.call,
            rows=BANK_TRANSACTIONS.rows,
            answer=BANK_TRANSACTIONS.answer,
            differs=BANK_TRANSACTIONS.differs,
            question=BANK_TRANSACTIONS.question,
            found=BANK_TRANSACTIONS.found,
            natural_key=BANK_TRANSACTIONS.key,
            batch_max=_BATCH,
            question_max=30,
            slots=(CLEARING_ACCOUNT, REFUNDS_TO_CLASSIFY),
            needs=settlements.refund_needs,
            removes=settlements.came_back,
        ),
        Kind.CREDIT_REFUND: Writes(
            owes=settlements.owes_credit_refund,
            row=settlements.credit_refund,
            call=paid_out.call,
            rows=paid_out.rows,
            answer=paid_out.answer,
            differs=paid_out.differs,
            question=paid_out.question,
            found=paid_out.found,
            natural_key=paid_out.key,
            apart=paid_out.apart,
            removes=settlements.is_void,
            batch_max=_BATCH,
            question_max=30,
            slots=(CLEARING_ACCOUNT,),
            slots_beside={Kind.REFUND: (REFUNDS_TO_CLASSIFY,)},
        ),
    },
    limit=RateLimit(calls=60, per_seconds=60),
    webhook=Webhook(verify=webhook.verify, parse=webhook.parse, max_bytes=1024 * 1024),
    oauth=OAuth(token_path="/connect/token", refresh_ahead_seconds=120),  # noqa: S106 - a path
    periods=Periods(f"{ROOT}/Organisation", organisation.closed_until),
    settle_seconds=330,
    pulls=(
        Kind.CUSTOMER,
        Kind.PRICE,
        Kind.INVOICE,
        Kind.PAYMENT,
        Kind.CREDIT_NOTE,
        Kind.REFUND,
        Kind.CREDIT_REFUND,
    ),
    poll_seconds=900,  # seven calls each time, of 5,000 a day
)
