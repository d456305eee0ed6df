"""What settles documents: payments, allocations, and money that goes back with a credit note or without one."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import takewhile

from connectors.contract import Document, Row
from connectors.xero.translate.amounts import (
    CLEARING_ACCOUNT,
    DESCRIPTION_MAX,
    RATE_STEP,
    REFUNDS_TO_CLASSIFY,
    account,
    of,
    one_line,
    rate,
    settling_rate,
    third_decimal,
)
from core.clock import local_date
from core.entities import Allocation, CreditRefund, Entity, Payment, Refund, references
from core.kinds import Kind
from core.money import Money, decimal_of
from core.reasons import Problem, ReasonCode, problem

# --- payment ---------------------------------------------------------------------------------------------------------


def payment_parts(entity: Entity) -> Sequence[str]:
    """Xero: a payment pays one invoice, so one payment of the gateway becomes one for each invoice it settled."""
    return list(dict.fromkeys(application.invoice for application in of(Payment, entity).applications))


def owes_payment(entity: Entity, is_there: bool) -> bool:
    """Xero: a payment can be deleted but not changed, and money that arrived does not change."""
    return of(Payment, entity).succeeded and not is_there


def payment(document: Document) -> Row | Problem:
    entity = of(Payment, document.entity)
    assert entity.received_at is not None
    received_on = local_date(entity.received_at, document.book.time_zone)
    earlier = takewhile(lambda invoice: invoice != document.part, payment_parts(entity))
    amount = Money(entity.currency, _applied(entity, [document.part]))
    told = settling_rate(document, amount, received_on, before=_applied(entity, list(earlier)))
    if isinstance(told, Problem):
        return told
    paid = {"Invoice": {"InvoiceID": document.part}}
    return _paid(
        paid, document.choices[CLEARING_ACCOUNT], received_on, amount, told, entity.charge or document.origin_id
    )


def _applied(entity: Payment, invoices: Sequence[str]) -> int:
    return sum(applied.amount_minor for applied in entity.applications if applied.invoice in invoices)


def _paid(
    of_what: Row, from_account: str, on: str, amount: Money, told: Decimal | None, reference: str
) -> Row | Problem:
    return third_decimal([amount.minor], amount.currency) or {
        **of_what,
        "Account": account(from_account),
        "Date": on,
        "Amount": decimal_of(amount.minor, amount.currency),
        **({"CurrencyRate": told} if told else {}),
        "Reference": reference,
    }


# --- allocation ------------------------------------------------------------------------------------------------------


def owes_allocation(entity: Entity, is_there: bool) -> bool:
    """Xero: an allocation can be removed but not changed."""
    return is_there if of(Allocation, entity).void else not is_there


def is_void(entity: Entity) -> bool:
    return entity.void if isinstance(entity, CreditRefund) else of(Allocation, entity).void


def allocation(document: Document) -> Row | Problem:
    """The element names the credit note that Xero has in the path."""
    entity = of(Allocation, document.entity)
    giver = entity.credit_note or entity.credit
    if not giver:
        amount = Money(entity.currency, entity.amount_minor)
        return problem(ReasonCode.CREDIT_UNEXPLAINED, amount=amount)
    of_credit_note: Row = {"CreditNote": {"CreditNoteID": giver}}
    if entity.void:
        return {**of_credit_note, "AllocationID": document.remote_id, "IsDeleted": True}
    return third_decimal([entity.amount_minor], entity.currency) or {
        **of_credit_note,
        "Invoice": {"InvoiceID": entity.invoice},
        "Amount": decimal_of(entity.amount_minor, entity.currency),
        "Date": local_date(entity.allocated_at, document.book.time_zone),
    }


# --- refund of a credit note -----------------------------------------------------------------------------------------


def owes_credit_refund(entity: Entity, is_there: bool) -> bool:
    """Void is also what was paid out by a refund that came back."""
    return is_there if of(CreditRefund, entity).void else not is_there


def credit_refund(document: Document) -> Row | Problem:
    """From the clearing account; or, where the refund was spent before it was explained, from where it was put."""
    entity = of(CreditRefund, document.entity)
    if entity.void:
        return {"PaymentID": document.remote_id, "Status": "DELETED"}
    if not document.date:
        return problem(ReasonCode.NOT_MOVED_YET)
    amount = Money(entity.currency, entity.amount_minor)
    told = settling_rate(document, amount, document.date)
    if isinstance(told, Problem):
        return told
    paid = {"CreditNote": {"CreditNoteID": entity.credit_note}}
    source = document.choices.get(REFUNDS_TO_CLASSIFY) or document.choices[CLEARING_ACCOUNT]
    # the record's id at its origin is the credit note's and the refund's
    refund_id = document.origin_id.rpartition("/")[2]
    return _paid(paid, source, document.date, amount, told, refund_id)


# --- refund without one ----------------------------------------------------------------------------------------------


def owes_refund(entity: Entity, is_there: bool) -> bool:
    """As long as credit notes do not explain all of it. Money that came back before it was written never left here."""
    read = of(Refund, entity)
    if came_back(read):
        return is_there
    return read.refunded_at is not None and read.covered_minor < read.amount_minor and not is_there


def came_back(entity: Entity) -> bool:
    return of(Refund, entity).failed_at is not None


def refund_needs(entity: Entity) -> Iterable[tuple[Kind, str]]:
    """Its payment is not asked for: it may have paid no invoice, and then it is not there."""
    return [(kind, ident) for kind, ident in references(entity) if kind is Kind.CUSTOMER]


def refund(document: Document) -> Row | Problem:
    """All of it, for that is what left the account; what credit notes explain of it is paid out of where it was put."""
    entity = of(Refund, document.entity)
    if came_back(entity):
        gone = {"Type": "SPEND", "Status": "DELETED", "Reference": document.origin_id}
        return {**gone, "BankTransactionID": document.remote_id}
    assert entity.refunded_at is not None
    refunded_on = local_date(entity.refunded_at, document.book.time_zone)
    settled = Money(entity.settled_currency, entity.settled_minor)
    told = _rate_of_settled(document, entity, refunded_on)
    if trouble := third_decimal([settled.minor], settled.currency) or (told if isinstance(told, Problem) else None):
        return trouble
    if not entity.customer:
        return problem(ReasonCode.CONTACT_MISSING)
    amount = decimal_of(settled.minor, settled.currency)
    return {
        "Type": "SPEND",
        "Status": "AUTHORISED",
        "Contact": {"ContactID": entity.customer},
        "BankAccount": account(document.choices[CLEARING_ACCOUNT]),
        "Date": refunded_on,
        "Reference": document.origin_id,
        **({"CurrencyRate": told} if told else {}),
        "LineAmountTypes": "NoTax",
        "LineItems": [
            {
                "Description": one_line(document.name)[:DESCRIPTION_MAX],
                "Quantity": Decimal(1),
                "UnitAmount": amount,
                "LineAmount": amount,
                "AccountCode": document.choices[REFUNDS_TO_CLASSIFY],
                "TaxType": "NONE",
            }
        ],
    }


def _rate_of_settled(document: Document, entity: Refund, on: str) -> Decimal | Problem | None:
    """Xero: a bank transaction is in its account's currency, whatever the refund's own was."""
    if entity.settled_currency == document.book.base_currency:
        return None
    told = rate(document, entity.currency, on)
    if isinstance(told, Problem):
        return told
    settled = decimal_of(entity.settled_minor, entity.settled_currency)
    amount = decimal_of(entity.amount_minor, entity.currency)
    return (settled / amount * (told or Decimal(1))).quantize(RATE_STEP, ROUND_HALF_UP)
