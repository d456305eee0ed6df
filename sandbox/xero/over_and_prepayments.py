"""Overpayments and prepayments: read here, made as bank transactions, used up by allocations and payments."""

from sandbox.xero.calls import Answer, Call
from sandbox.xero.credits import OVERPAYMENT, PREPAYMENT, get_credit, list_credits


def get_overpayments(call: Call) -> Answer:
    return list_credits(call, OVERPAYMENT)


def get_overpayment(call: Call) -> Answer:
    return get_credit(call, OVERPAYMENT)


def get_prepayments(call: Call) -> Answer:
    return list_credits(call, PREPAYMENT)


def get_prepayment(call: Call) -> Answer:
    return get_credit(call, PREPAYMENT)
