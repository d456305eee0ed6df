"""Xero's arithmetic of a line and of a document, in hundredths. Halves are rounded away from zero."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.xero.rows import Line, TaxComponent, Totals
from sandbox.xero.wire import amount, hundredths

EXCLUSIVE, INCLUSIVE, NO_TAX = "Exclusive", "Inclusive", "NoTax"
_HUNDRED = Decimal(100)


def line_total(
    quantity: Decimal, unit_amount: Decimal, discount_rate: Decimal | None, discount_amount: int | None
) -> int:
    gross = quantity * unit_amount
    if discount_rate is not None:
        gross -= gross * discount_rate / _HUNDRED
    return hundredths(gross) - (discount_amount or 0)


def effective_rate(components: Iterable[TaxComponent]) -> Decimal:
    """Per cent; a compound component is charged on top of the others."""
    together = tuple(components)
    simple = sum((one.rate for one in together if not one.compound), Decimal(0))
    compound = sum((one.rate for one in together if one.compound), Decimal(0))
    return simple + compound + simple * compound / _HUNDRED


def tax_on(line_amount: int, rate: Decimal, line_amount_types: str) -> int:
    if line_amount_types == EXCLUSIVE:
        return hundredths(amount(line_amount) * rate / _HUNDRED)
    if line_amount_types == INCLUSIVE:
        return hundredths(amount(line_amount) * rate / (_HUNDRED + rate))
    return 0


def totals(lines: Iterable[Line], line_amount_types: str) -> Totals:
    """Tax is the sum of the lines' own tax: nothing is rounded twice."""
    together = tuple(lines)
    of_lines = sum(line.line_amount for line in together)
    tax = sum(line.tax_amount for line in together)
    subtotal = of_lines - tax if line_amount_types == INCLUSIVE else of_lines
    return Totals(subtotal, tax, subtotal + tax, sum(discount_of(line) for line in together))


def discount_of(line: Line) -> int:
    if line.quantity is None or line.unit_amount is None:
        return 0
    if line.discount_rate is None and line.discount_amount is None:
        return 0
    return hundredths(line.quantity * line.unit_amount) - line.line_amount
