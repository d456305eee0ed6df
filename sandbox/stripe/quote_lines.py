"""The lines of a quote, priced as the invoice that comes of it will be."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.stripe import discounts, prices, tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.invoice_items import PRICE_DATA
from sandbox.stripe.money import smallest_step
from sandbox.stripe.params import Params, Parser, count, each, nested, one_of, positive, text
from sandbox.stripe.pricing import cost
from sandbox.stripe.rows import Row
from sandbox.stripe.totals import Billed, Priced, price

FIELDS: dict[str, Parser] = {
    "discounts": discounts.GIVEN,
    "price": text,
    "price_data": nested(
        {
            **PRICE_DATA,
            "unit_amount": count,
            "recurring": nested({"interval*": one_of(*prices.INTERVALS), "interval_count": positive}),
        }
    ),
    "quantity": count,
    "tax_rates": each(text),
}


def draw_up(account: Account, quote: Row, given: Iterable[Params]) -> list[Row]:
    owner = account.store.find("customer", quote["customer"] or "")
    drawn: list[Row] = []
    for at, one in enumerate(given):
        param = f"line_items[{at}]"
        row = _price(account, one, param)
        if drawn and drawn[0]["currency"] != row["currency"]:
            raise StripeError("All lines of a quote must be in the same currency.", param=param)
        product = account.store.get("product", row["product"])
        drawn.append(
            Row(
                {
                    "id": account.store.new_id("item"),
                    "object": "item",
                    "currency": row["currency"],
                    "description": product["name"],
                    "_price": row.id,
                    "quantity": 1 if one.get("quantity") is None else one["quantity"],
                    "_discounts": discounts.apply(account, one.get("discounts"), owner, row["currency"]),
                    "_quote": quote.id,
                    "_tax_rates": tax_rates.named(account, one.get("tax_rates"), f"{param}[tax_rates]"),
                }
            )
        )
    for line in drawn:
        account.store.add(line)
    return drawn


def _price(account: Account, given: Params, param: str) -> Row:
    if given.get("price_data"):
        account.store.named("product", given["price_data"]["product"], f"{param}[price_data][product]")
        return prices.inline(account, given["price_data"])
    return account.store.named("price", given.get("price") or "", f"{param}[price]")


def lines(account: Account, quote: Row) -> list[Row]:
    return [account.store.get("item", id_) for id_ in quote["_lines"]]


def priced(account: Account, quote: Row, listed: list[Row]) -> list[Priced]:
    """The lines with discounts and taxes, whose sums are kept on them."""
    customer = account.store.find("customer", quote["customer"] or "")
    exempt = customer is not None and customer["tax_exempt"] != "none"
    step = smallest_step(quote["currency"] or "eur")
    billed = []
    for line in listed:
        row = account.store.get("price", line["_price"])
        rates = line["_tax_rates"] or quote["default_tax_rates"]
        billed.append(
            Billed(
                cost(row, Decimal(line["quantity"]), step),
                tuple(tax_rates.rates(account, rates)),
                discounts.offs(account, line["_discounts"]),
                product=row["product"],
            )
        )
    results = price(billed, discounts.offs(account, quote["discounts"]), step=step, exempt=exempt)
    for line, result in zip(listed, results, strict=True):
        account.store.save(
            line,
            amount_discount=sum(amount for _, amount in result.discounts),
            amount_subtotal=result.billed.amount,
            amount_tax=sum(tax.amount for tax in result.taxes),
            amount_total=result.total,
        )
    return results
