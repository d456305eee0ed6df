"""Xero, the ledger: what the gateway made and moved is written as it was, and read back to the cent.

The item carries price and product, the tax code is a choice of the bookkeeper's: neither products nor tax rates are
written, nor coupons and subscriptions, which Xero does not know. What the numbers below rest on, and how to get a real
sandbox, is in README.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from connectors.contract import (
    Call,
    Connector,
    Day,
    Document,
    OAuth,
    Outcome,
    Periods,
    RateLimit,
    Reads,
    Role,
    Row,
    Webhook,
    Writes,
)
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
from core.entities import Entity
from core.figures import Figures
from core.kinds import Kind
from core.reasons import Problem

_BATCH = 50
"""Elements in one call. A question about fewer fits into a query of the length that web servers take."""


def _reads(
    endpoint: Endpoint, amounts: Callable[[Row], Figures | None] | None = None, also: Sequence[Kind] = ()
) -> Reads:
    return Reads(remote_id=lambda row: needed_text(row, endpoint.id_name), version=version, figures=amounts, also=also)


class _Wording(Protocol):
    """How elements are sent, known again in answers, asked about and held against what was stored: an endpoint's, or a
    module's where a kind's requests are of several sorts.
    """

    def call(self, rows: Sequence[Row], new: bool, key: str, /) -> Call: ...
    def rows(self, call: Call, /) -> Sequence[Row]: ...
    def answer(self, rows: Sequence[Row], body: Row, /) -> Sequence[Outcome]: ...
    def differs(self, sent: Row, stored: Row, /) -> Mapping[str, tuple[str, str]]: ...
    def question(self, rows: Sequence[Row], /) -> str: ...
    def found(self, rows: Sequence[Row], body: Row, /) -> Sequence[Outcome]: ...
    def key(self, row: Row, /) -> str: ...


def _writes(
    wording: _Wording, row: Callable[[Document], Row | Problem], owes: Callable[[Entity, bool], bool]
) -> Writes:
    return Writes(
        owes=owes,
        row=row,
        call=wording.call,
        rows=wording.rows,
        answer=wording.answer,
        differs=wording.differs,
        question=wording.question,
        found=wording.found,
        natural_key=wording.key,
    )


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
        Kind.REFUND: _reads(BANK_TRANSACTIONS, figures.of_refund),
        Kind.CREDIT_REFUND: _reads(CREDIT_PAYMENTS, figures.of_payment),
    },
    writes={
        Kind.CUSTOMER: replace(
            _writes(CONTACTS, catalogue.contact, _always),
            batch_max=_BATCH,
            question_max=40,
            on_demand=True,
        ),
        Kind.PRICE: replace(
            _writes(ITEMS, catalogue.item, _always),
            batch_max=_BATCH,
            question_max=35,
            slots=(INCOME_ACCOUNT,),
            on_demand=True,
        ),
        Kind.INVOICE: replace(
            _writes(invoices, documents.invoice, documents.owes_invoice),
            apart=invoices.apart,
            batch_max=_BATCH,
            line_slots=(INCOME_ACCOUNT, TAX_CODE),
            removes=documents.is_void,
            rests_on_it=(Kind.ALLOCATION,),
        ),
        Kind.PAYMENT: replace(
            _writes(PAYMENTS, settlements.payment, settlements.owes_payment),
            batch_max=_BATCH,
            slots=(CLEARING_ACCOUNT,),
            parts=settlements.payment_parts,
        ),
        Kind.CREDIT_NOTE: replace(
            _writes(CREDIT_NOTES, documents.credit_note, documents.owes_credit_note),
            batch_max=_BATCH,
            question_max=30,
            line_slots=(INCOME_ACCOUNT, TAX_CODE),
            removes=documents.is_void,
            rests_on_it=(Kind.ALLOCATION,),
        ),
        Kind.ALLOCATION: replace(
            _writes(allocations, settlements.allocation, settlements.owes_allocation),
            removes=settlements.is_void,
        ),
        Kind.REFUND: replace(
            _writes(BANK_TRANSACTIONS, settlements.refund, settlements.owes_refund),
            batch_max=_BATCH,
            question_max=30,
            slots=(CLEARING_ACCOUNT, REFUNDS_TO_CLASSIFY),
            needs=settlements.refund_needs,
            removes=settlements.came_back,
        ),
        Kind.CREDIT_REFUND: replace(
            _writes(paid_out, settlements.credit_refund, settlements.owes_credit_refund),
            apart=paid_out.apart,
            removes=settlements.is_void,
            batch_max=_BATCH,
            question_max=30,
            slots=(CLEARING_ACCOUNT,),
            slots_beside={Kind.REFUND: (REFUNDS_TO_CLASSIFY,)},
        ),
    },
    limit=RateLimit(calls=60, per_seconds=60, at_once=5),
    lanes_max=40,  # an app has 10,000 calls a minute over all its organisations
    day=Day(5000, organisation.calls_left),
    webhook=Webhook(verify=webhook.verify, parse=webhook.parse, max_bytes=1024 * 1024),
    oauth=OAuth(token_path="/connect/token", refresh_ahead_seconds=120),  # noqa: S106 - a path
    periods=Periods(f"{ROOT}/Organisation", organisation.closed_until),
    settle_seconds=330,
    pulls={
        kind: (kind,)
        for kind in (
            Kind.CUSTOMER,
            Kind.PRICE,
            Kind.INVOICE,
            Kind.PAYMENT,
            Kind.CREDIT_NOTE,
            Kind.REFUND,
            Kind.CREDIT_REFUND,
        )
    },
    poll_seconds=900,  # seven calls each time, of 5,000 a day
)
