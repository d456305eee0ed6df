"""Payments of credit notes. Xero: a payment is never changed, only deleted: each alone, under its own id."""

from collections.abc import Mapping, Sequence

from connectors.contract import Call, Outcome, Row, Stored
from connectors.xero.elements import GONE, ROOT, listed, refusal
from connectors.xero.endpoints import CREDIT_PAYMENTS
from core.reasons import ReasonCode, problem

_DELETION = b'{"Status":"DELETED"}'


def _is_removal(row: Row) -> bool:
    return row.get("Status") in GONE


def apart(row: Row) -> str:
    return str(row["PaymentID"]) if _is_removal(row) else ""


def call(rows: Sequence[Row], new: bool, key: str) -> Call:
    if not _is_removal(rows[0]):
        return CREDIT_PAYMENTS.call(rows, new, key)
    return Call("POST", question(rows), _DELETION, "application/json", key)


def rows(sent: Call) -> Sequence[Row]:
    if sent.body != _DELETION:
        return CREDIT_PAYMENTS.rows(sent)
    return [{"PaymentID": sent.path.rpartition("/")[2], "Status": "DELETED"}]


def answer(sent: Sequence[Row], body: Row) -> Sequence[Outcome]:
    if not _is_removal(sent[0]):
        return CREDIT_PAYMENTS.answer(sent, body)
    (row,) = sent
    for element in listed(body, "Elements"):
        if trouble := refusal(row, element):
            return [trouble]
    if _shows_it_gone(row, body):
        return [_removed(row)]
    return [problem(ReasonCode.CONTRACT_BROKEN, problem="the answer does not say that it was removed")]


def question(sent: Sequence[Row]) -> str:
    if not _is_removal(sent[0]):
        return CREDIT_PAYMENTS.question(sent)
    return f"{ROOT}/Payments/{sent[0]['PaymentID']}"


def found(sent: Sequence[Row], body: Row) -> Sequence[Outcome]:
    if not _is_removal(sent[0]):
        return CREDIT_PAYMENTS.found(sent, body)
    (row,) = sent
    return [_removed(row) if _shows_it_gone(row, body) else None]


def differs(sent: Row, stored: Row) -> Mapping[str, tuple[str, str]]:
    return {} if _is_removal(sent) else CREDIT_PAYMENTS.differs(sent, stored)


def key(row: Row) -> str:
    return apart(row) or CREDIT_PAYMENTS.key(row)


def _shows_it_gone(row: Row, body: Row) -> bool:
    return any(
        payment.get("PaymentID") == row["PaymentID"] and payment.get("Status") in GONE
        for payment in listed(body, "Payments")
    )


def _removed(row: Row) -> Stored:
    """What is left of it: that it was."""
    return Stored(row["PaymentID"], "", row, gone=True)
