"""The arithmetic of invoices, quotes and credit notes: discounts, then taxes, line by line.

Stripe: every line rounds half up by itself, for each discount and for each rate; totals are sums of lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.stripe.money import rounded, shared


@dataclass(frozen=True, slots=True)
class Rate:
    id: str
    percentage: Decimal
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Off:
    """One discount: a percentage, or an amount for all eligible lines together."""

    id: str
    percent: Decimal | None
    amount: int | None
    products: frozenset[str] = frozenset()
    """Only lines of these products; all where empty."""


@dataclass(frozen=True, slots=True)
class Tax:
    rate: Rate
    amount: int
    taxable: int


@dataclass(frozen=True, slots=True)
class Billed:
    """A line before discounts and taxes."""

    amount: int
    rates: tuple[Rate, ...] = ()
    offs: tuple[Off, ...] = ()
    """The line's own discounts, which go before the document's."""
    discountable: bool = True
    product: str | None = None


@dataclass(slots=True)
class Priced:
    """A line with what was taken off and put on."""

    billed: Billed
    discounts: list[tuple[str, int]] = field(default_factory=list)
    """Discount id and amount, in order of application."""
    taxes: list[Tax] = field(default_factory=list)
    subtotal_excluding_tax: int = 0

    @property
    def discounted(self) -> int:
        return self.billed.amount - sum(amount for _, amount in self.discounts)

    @property
    def excluding_tax(self) -> int:
        return self.discounted - sum(tax.amount for tax in self.taxes if tax.rate.inclusive)

    @property
    def total(self) -> int:
        return self.excluding_tax + sum(tax.amount for tax in self.taxes)


def price(lines: Iterable[Billed], offs: Iterable[Off] = (), *, step: int = 1, exempt: bool = False) -> list[Priced]:
    """`offs` are the document's discounts; `step` is what the currency rounds to; the exempt pay no tax."""
    priced = [Priced(line) for line in lines]
    for line in priced:
        for off in line.billed.offs:
            _take_off(off, [line], step)
    for off in offs:
        _take_off(off, priced, step)
    for line in priced:
        line.taxes = taxes(line.discounted, line.billed.rates, step=step, exempt=exempt)
        before = taxes(line.billed.amount, line.billed.rates, step=step, exempt=exempt)
        line.subtotal_excluding_tax = line.billed.amount - sum(tax.amount for tax in before if tax.rate.inclusive)
    return priced


def taxes(amount: int, rates: Iterable[Rate], *, step: int = 1, exempt: bool = False) -> list[Tax]:
    """Inclusive rates share one net amount, on which the exclusive ones are computed too."""
    rates = tuple(rates)
    inclusive = sum((rate.percentage for rate in rates if rate.inclusive), Decimal(0))
    exact_net = Decimal(amount) if exempt else Decimal(amount) * 100 / (100 + inclusive)
    within = {
        rate.id: 0 if exempt else rounded(exact_net * rate.percentage / 100, step) for rate in rates if rate.inclusive
    }
    net = amount - sum(within.values())
    return [
        Tax(
            rate,
            within[rate.id]
            if rate.inclusive
            else (0 if exempt else rounded(Decimal(net) * rate.percentage / 100, step)),
            net,
        )
        for rate in rates
    ]


def _take_off(off: Off, lines: list[Priced], step: int) -> None:
    eligible = [
        line
        for line in lines
        if line.billed.discountable
        and line.billed.amount > 0
        and (not off.products or line.billed.product in off.products)
    ]
    if off.percent is not None:
        amounts = [rounded(Decimal(line.discounted) * off.percent / 100, step) for line in eligible]
    else:
        open_ = [line.discounted for line in eligible]
        whole = min(off.amount or 0, sum(open_))
        amounts = [share * step for share in shared(whole // step, open_)]
    for line, amount in zip(eligible, amounts, strict=True):
        line.discounts.append((off.id, amount))
