"""The three columns side by side: a row for each kind and currency, with what keeps them from being equal."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.money import exponent
from demo.auditor import KINDS, Total, Totals

SIDES = ("stripe", "subledger", "xero")


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    currency: str
    sides: Mapping[str, Total]

    @property
    def difference(self) -> Decimal:
        amounts = [total.amount for total in self.sides.values()]
        return max(amounts) - min(amounts)

    @property
    def problem(self) -> str:
        """Empty if all sides are equal, in money and in number."""
        if self.difference:
            return f"{self.kind} {self.currency} differs by {self._text(self.difference)}"
        if len({total.count for total in self.sides.values()}) > 1:
            return f"{self.kind} {self.currency} is counted differently: {self.counts}"
        return ""

    @property
    def counts(self) -> str:
        """One number where all sides count the same."""
        counts = [str(total.count) for total in self.sides.values()]
        return counts[0] if len(set(counts)) == 1 else " / ".join(counts)

    def told(self) -> dict[str, Any]:
        """Amounts as text with the currency's own decimals."""
        return {
            "kind": self.kind,
            "currency": self.currency,
            **{side: self._text(total.amount) for side, total in self.sides.items()},
            "difference": self._text(self.difference),
            "count": {side: total.count for side, total in self.sides.items()},
        }

    def _text(self, amount: Decimal) -> str:
        """Never rounded: a difference below the currency's last decimal is to be seen."""
        places = max(exponent(self.currency), -int(amount.normalize().as_tuple().exponent), 0)
        return f"{amount:.{places}f}"


def compared(stripe: Totals, hub: Totals, xero: Totals) -> list[Row]:
    """By kind, then by currency; a currency that has nothing of a kind has no row."""
    columns = dict(zip(SIDES, (stripe, hub, xero), strict=True))
    currencies = sorted({currency for totals in columns.values() for _, currency in totals})
    rows = [
        Row(kind, currency, {side: totals.get((kind, currency), Total()) for side, totals in columns.items()})
        for kind in KINDS
        for currency in currencies
    ]
    return [row for row in rows if any(total.count or total.amount for total in row.sides.values())]
