"""How a customer's balance meets an invoice: a pure sum, shown on drafts and carried out on finalising."""

from dataclasses import dataclass

from sandbox.stripe.money import charge_minimum
from sandbox.stripe.rows import Row


@dataclass(frozen=True, slots=True)
class Due:
    starting: int
    amount: int
    moves: tuple[tuple[str, int], ...] = ()
    """Type and amount of each movement of the customer's balance."""

    @property
    def ending(self) -> int:
        return self.starting + sum(amount for _, amount in self.moves)


def applied(invoice: Row, customer: Row, *, carry_small_amounts: bool) -> Due:
    same = customer["currency"] in (None, invoice["currency"])
    charged = invoice["collection_method"] == "charge_automatically"
    return _due(
        invoice["total"],
        0 if customer.deleted or not same else customer["balance"],
        charge_minimum(invoice["currency"]) if charged and carry_small_amounts else 0,
    )


def _due(total: int, balance: int, minimum: int) -> Due:
    """Credit lowers what is due, debt raises it; a sum below zero or too small to charge is carried over."""
    if total < 0:
        return Due(balance, 0, (("applied_to_invoice", total),))
    used = min(total, -balance) if balance < 0 else -balance
    moves = (("applied_to_invoice", used),) if used else ()
    amount = total - used
    if 0 < amount < minimum:
        return Due(balance, 0, (*moves, ("invoice_too_small", amount)))
    return Due(balance, amount, moves)
