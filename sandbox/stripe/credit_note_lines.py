"""What a credit note credits: parts of invoice lines with their discounts and taxes, or sums of its own."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.stripe import tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.invoice_lines import shown_tax
from sandbox.stripe.money import plain, rounded, smallest_step
from sandbox.stripe.params import Params
from sandbox.stripe.rows import Row, new_metadata
from sandbox.stripe.totals import taxes


def draw_up(account: Account, invoice: Row, params: Params) -> list[Row]:
    """The lines, not stored yet."""
    given = params.get("lines")
    if given and params.get("amount") is not None:
        raise StripeError("You may only specify one of these parameters: amount, lines.", param="amount")
    if params.get("amount") is not None:
        return [_custom(account, invoice, {"description": "Credit", "unit_amount": params["amount"]}, "amount")]
    if not given:
        raise StripeError("One of `amount` and `lines` must be provided.", code="parameter_missing", param="amount")
    drawn: list[Row] = []
    for at, line in enumerate(given):
        param = f"lines[{at}]"
        if line["type"] == "custom_line_item":
            drawn.append(_custom(account, invoice, line, param))
        else:
            drawn.append(_of_invoice_line(account, invoice, line, drawn, param))
    return drawn


def _of_invoice_line(account: Account, invoice: Row, given: Params, drawn: list[Row], param: str) -> Row:
    line = account.store.find("line_item", given.get("invoice_line_item") or "")
    if line is None or line["invoice"] != invoice.id:
        raise StripeError(
            f"No such invoice line item on {invoice.id}: '{given.get('invoice_line_item')}'",
            code="resource_missing",
            param=f"{param}[invoice_line_item]",
        )
    before = credited(account, line, drawn)
    amount = _amount_of(line, given, invoice["currency"], param)
    after = before + amount
    if not 0 < abs(after) <= abs(line["amount"]) or (after < 0) != (line["amount"] < 0):
        raise StripeError(f"The amount credited for {line.id} would exceed what it was invoiced for.", param=param)

    def share(of: int) -> int:
        """Parts add up to the whole: each is what all parts so far come to, less those before it."""
        step = smallest_step(invoice["currency"])
        return rounded(Decimal(of * after) / line["amount"], step) - rounded(
            Decimal(of * before) / line["amount"], step
        )

    discounts = [{"amount": share(one["amount"]), "discount": one["discount"]} for one in line["discount_amounts"]]
    quantity = given.get("quantity")
    return _line(
        account,
        {
            "amount": amount,
            "description": given.get("description") or line["description"],
            "invoice_line_item": line.id,
            "quantity": quantity,
            "unit_amount": None if quantity is None else (line["pricing"] or {}).get("unit_amount"),
            "unit_amount_decimal": None if quantity is None else line["pricing"]["unit_amount_decimal"],
            "metadata": new_metadata(given.get("metadata")),
            "discount_amount": sum(one["amount"] for one in discounts),
            "discount_amounts": discounts,
            "pretax_credit_amounts": [{**one, "type": "discount"} for one in discounts],
            "tax_rates": line["_tax_rates"] or invoice["default_tax_rates"],
            "taxes": [
                {**tax, "amount": share(tax["amount"]), "taxable_amount": share(tax["taxable_amount"])}
                for tax in line["taxes"]
            ],
            "type": "invoice_line_item",
        },
    )


def _amount_of(line: Row, given: Params, currency: str, param: str) -> int:
    if given.get("amount") is not None and given.get("quantity") is not None:
        raise StripeError("You may only specify one of these parameters: amount, quantity.", param=param)
    if given.get("amount") is not None:
        return int(given["amount"])
    if given.get("quantity") is None:
        raise StripeError(
            "A line needs an `amount` or a `quantity`.", code="parameter_missing", param=f"{param}[quantity]"
        )
    whole = Decimal(line["quantity_decimal"]) or Decimal(1)
    return rounded(line["amount"] * given["quantity"] / whole, smallest_step(currency))


def credited(account: Account, line: Row, drawn: Iterable[Row] = ()) -> int:
    """How much of an invoice line credit notes have credited that are not void."""
    notes = (
        note for note in account.store.where("credit_note", "invoice", line["invoice"]) if note["status"] == "issued"
    )
    earlier = (account.store.get("credit_note_line_item", id_) for note in notes for id_ in note["_lines"])
    return sum(one["amount"] for one in (*earlier, *drawn) if one["invoice_line_item"] == line.id)


def _custom(account: Account, invoice: Row, given: Params, param: str) -> Row:
    ways = [name for name in ("amount", "unit_amount", "unit_amount_decimal") if given.get(name) is not None]
    if len(ways) != 1:
        raise StripeError(
            "A custom line takes exactly one of `amount`, `unit_amount` and `unit_amount_decimal`.",
            param=param,
        )
    quantity = given.get("quantity") or 1
    unit = Decimal(given[ways[0]])
    step = smallest_step(invoice["currency"])
    amount = rounded(unit * quantity, step)
    rates = tax_rates.named(account, given.get("tax_rates"), f"{param}[tax_rates]")
    return _line(
        account,
        {
            "amount": amount,
            "description": given.get("description"),
            "quantity": quantity,
            "unit_amount": int(unit) if unit == unit.to_integral_value() else None,
            "unit_amount_decimal": plain(unit),
            "metadata": new_metadata(given.get("metadata")),
            "tax_rates": rates,
            "taxes": [
                shown_tax(tax.rate.id, tax.rate.inclusive, tax.amount, tax.taxable)
                for tax in taxes(amount, tax_rates.rates(account, rates), step=step)
            ],
            "type": "custom_line_item",
        },
    )


def _line(account: Account, fields: dict[str, Any]) -> Row:
    id_ = account.store.new_id("credit_note_line_item")
    return Row({"id": id_, "object": "credit_note_line_item", **fields})


def totals(lines: list[Row]) -> dict[str, Any]:
    """The sums that a credit note shows."""
    off: dict[str, int] = {}
    taxed: dict[str, dict[str, Any]] = {}
    for line in lines:
        for one in line["discount_amounts"]:
            off[one["discount"]] = off.get(one["discount"], 0) + one["amount"]
        for tax in line["taxes"]:
            rate = tax["tax_rate_details"]["tax_rate"]
            sofar = taxed.get(rate, {**tax, "amount": 0, "taxable_amount": 0})
            taxed[rate] = {
                **sofar,
                "amount": sofar["amount"] + tax["amount"],
                "taxable_amount": sofar["taxable_amount"] + tax["taxable_amount"],
            }
    subtotal = sum(line["amount"] for line in lines)
    discount = sum(off.values())
    inclusive, exclusive = (
        sum(tax["amount"] for tax in taxed.values() if tax["tax_behavior"] == behavior)
        for behavior in ("inclusive", "exclusive")
    )
    amounts = [{"amount": amount, "discount": id_} for id_, amount in off.items()]
    total = subtotal - discount + exclusive
    return {
        "amount": total,
        "discount_amount": discount,
        "discount_amounts": amounts,
        "pretax_credit_amounts": [{**one, "type": "discount"} for one in amounts],
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": subtotal - discount - inclusive,
        "total_taxes": list(taxed.values()),
    }
