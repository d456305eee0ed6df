"""The lines of an invoice: put on and taken off while it is a draft, and computed anew each time."""

from collections.abc import Iterable
from typing import Any

from sandbox.stripe import discounts, tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.balance_application import applied
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import smallest_step
from sandbox.stripe.rows import Row
from sandbox.stripe.totals import Billed, Priced, Tax, price

_FROM_ITEM = (
    "amount",
    "currency",
    "description",
    "discountable",
    "discounts",
    "metadata",
    "period",
    "pricing",
    "quantity",
    "quantity_decimal",
)


def check_editable(invoice: Row) -> None:
    if invoice["status"] != "draft":
        raise StripeError("This invoice is no longer editable: it has been finalized.", code="invoice_not_editable")


def put(account: Account, invoice: Row, items: Iterable[Row]) -> None:
    """One line for each item, which from now on belongs to this invoice."""
    added = []
    for item in items:
        subscription = ((item["parent"] or {}).get("subscription_details") or {}).get("subscription")
        details = {
            "invoice_item": item.id,
            "proration": item["proration"],
            "proration_details": _credited(item),
            "subscription": subscription,
        }
        line = Row(
            {
                "id": account.store.new_id("line_item"),
                "object": "line_item",
                "invoice": invoice.id,
                "parent": {
                    "type": "invoice_item_details",
                    "invoice_item_details": details,
                    "subscription_item_details": None,
                },
                "subscription": subscription,
                "_item": item.id,
                **_of_item(item),
            }
        )
        account.store.add(line)
        account.store.save(item, invoice=invoice.id, _line=line.id)
        added.append(line.id)
    account.store.save(invoice, _lines=[*added, *(invoice["_lines"] or ())])


def refresh(account: Account, invoice: Row, item: Row) -> None:
    """The line of an item that was edited."""
    line = account.store.get("line_item", item["_line"])
    account.store.save(line, **_of_item(item))
    account.store.save(invoice)


def take_off(account: Account, invoice: Row, item: Row) -> None:
    """The item is pending again."""
    line = account.store.get("line_item", item["_line"])
    account.store.save(invoice, _lines=[id_ for id_ in invoice["_lines"] if id_ != line.id])
    account.store.remove(line)
    account.store.save(item, invoice=None, _line=None)


def _of_item(item: Row) -> dict[str, Any]:
    fields = {name: item[name] for name in _FROM_ITEM if name in item}
    return {**fields, "subtotal": item["amount"], "_tax_rates": item["tax_rates"]}


def _credited(item: Row) -> dict[str, Any] | None:
    details = item["proration_details"]
    credited = details and details.get("credited_items")
    lines = credited and credited.get("invoice_line_item_details")
    return {"credited_items": lines} if details else None


def compute(account: Account, invoice: Row) -> None:
    """Discounts, taxes and totals of a draft, from its lines."""
    lines = [account.store.get("line_item", id_) for id_ in invoice["_lines"] or ()]
    exempt = invoice["customer_tax_exempt"]
    priced = price(
        (_billed(account, invoice, line) for line in lines),
        discounts.offs(account, invoice["discounts"]),
        step=smallest_step(invoice["currency"]),
        exempt=exempt != "none",
    )
    for line, result in zip(lines, priced, strict=True):
        account.store.save(
            line,
            discount_amounts=[{"amount": amount, "discount": id_} for id_, amount in result.discounts],
            pretax_credit_amounts=[
                {"amount": amount, "discount": id_, "type": "discount"} for id_, amount in result.discounts
            ],
            taxes=[shown_tax(tax.rate.id, tax.rate.inclusive, tax.amount, tax.taxable, exempt) for tax in result.taxes],
        )
    account.store.save(invoice, **_totals(priced, exempt))
    balance_after(account, invoice)


def balance_after(account: Account, invoice: Row) -> None:
    """What is due once the customer's balance has been taken into account."""
    customer = account.store.get("customer", invoice["customer"])
    due = applied(invoice, customer, carry_small_amounts=account.settings.carry_small_amounts)
    account.store.save(invoice, starting_balance=due.starting, amount_due=due.amount, amount_remaining=due.amount)


def _billed(account: Account, invoice: Row, line: Row) -> Billed:
    rates = line["_tax_rates"] or invoice["default_tax_rates"]
    details = (line["pricing"] or {}).get("price_details")
    return Billed(
        line["amount"],
        tuple(tax_rates.rates(account, rates)),
        discounts.offs(account, line["discounts"]),
        line["discountable"],
        details["product"] if details else None,
    )


def _totals(priced: list[Priced], exempt: str) -> dict[str, Any]:
    off: dict[str, int] = {}
    for line in priced:
        for id_, amount in line.discounts:
            off[id_] = off.get(id_, 0) + amount
    return {
        "subtotal": sum(line.billed.amount for line in priced),
        "subtotal_excluding_tax": sum(line.subtotal_excluding_tax for line in priced),
        "total": sum(line.total for line in priced),
        "total_discount_amounts": [{"amount": amount, "discount": id_} for id_, amount in off.items()],
        "total_excluding_tax": sum(line.excluding_tax for line in priced),
        "total_pretax_credit_amounts": [
            {"amount": amount, "discount": id_, "type": "discount"} for id_, amount in off.items()
        ],
        "total_taxes": total_taxes((tax for line in priced for tax in line.taxes), exempt),
    }


def total_taxes(taxes: Iterable[Tax], exempt: str = "none") -> list[dict[str, Any]]:
    """Per rate, the sum over all lines."""
    sums: dict[str, tuple[bool, int, int]] = {}
    for tax in taxes:
        _, amount, taxable = sums.get(tax.rate.id, (False, 0, 0))
        sums[tax.rate.id] = tax.rate.inclusive, amount + tax.amount, taxable + tax.taxable
    return [shown_tax(id_, inclusive, amount, taxable, exempt) for id_, (inclusive, amount, taxable) in sums.items()]


_REASONS = {"none": "not_available", "exempt": "customer_exempt", "reverse": "reverse_charge"}


def shown_tax(rate: str, inclusive: bool, amount: int, taxable: int, exempt: str = "none") -> dict[str, Any]:
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate},
        "taxability_reason": _REASONS[exempt],
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }
