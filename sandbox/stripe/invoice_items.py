"""Invoice items: what waits for a customer's next invoice, or is put on a draft."""

from decimal import Decimal
from typing import Any

from sandbox.stripe import discounts, invoice_lines, prices, tax_rates
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import check_amount, check_currency, plain, rounded, smallest_step
from sandbox.stripe.params import (
    Form,
    Params,
    Parser,
    boolean,
    count,
    decimal,
    each,
    integer,
    listing,
    metadata,
    moment,
    nested,
    one_of,
    short_text,
    span,
    text,
)
from sandbox.stripe.pricing import cost
from sandbox.stripe.rows import Row, merged_metadata, new_metadata
from sandbox.stripe.store import Page

PRICE_DATA: dict[str, Parser] = {
    "currency*": text,
    "product*": text,
    "tax_behavior": one_of("exclusive", "inclusive", "unspecified"),
    "unit_amount": integer,
    "unit_amount_decimal": decimal,
}
FIELDS: dict[str, Parser] = {
    "amount": integer,
    "description": short_text,
    "discountable": boolean,
    "discounts": discounts.GIVEN,
    "metadata": metadata,
    "period": nested({"start*": moment, "end*": moment}),
    "price_data": nested(PRICE_DATA),
    "pricing": nested({"price": text}),
    "quantity": count,
    "quantity_decimal": decimal,
    "tax_rates": each(text),
    "unit_amount_decimal": decimal,
}
CREATE = Form({**FIELDS, "currency": text, "customer*": text, "invoice": text, "subscription": text})
UPDATE = Form(FIELDS)
LIST = listing({"created": span, "customer": text, "invoice": text, "pending": boolean})


def create(account: Account, params: Params) -> Row:
    store = account.store
    customer = store.named("customer", params["customer"], "customer")
    invoice = store.named("invoice", params["invoice"], "invoice") if params.get("invoice") else None
    if invoice is not None:
        if invoice["customer"] != customer.id:
            raise StripeError(f"The invoice {invoice.id} belongs to another customer.", param="invoice")
        invoice_lines.check_editable(invoice)
    subscription = params.get("subscription")
    if subscription:
        store.named("subscription", subscription, "subscription")
    currency = check_currency(
        params.get("currency") or (invoice["currency"] if invoice else customer["currency"]) or "eur"
    )
    if invoice is not None and invoice["currency"] != currency:
        raise StripeError(
            f"An invoice item in {currency} cannot go on an invoice in {invoice['currency']}.",
            param="currency",
        )
    now = account.now(customer["test_clock"])
    item = Row(
        {
            "id": store.new_id("invoiceitem"),
            "object": "invoiceitem",
            "currency": currency,
            "customer": customer.id,
            "date": now,
            "invoice": None,
            "period": params.get("period") or {"start": now, "end": now},
            "test_clock": customer["test_clock"],
            "metadata": new_metadata(params.get("metadata")),
        }
    )
    if subscription:
        details = {"subscription": subscription, "subscription_item": None}
        item["parent"] = {"type": "subscription_details", "subscription_details": details}
    item.update(_changes(account, item, params))
    account.add(item, "invoiceitem.created")
    if customer["currency"] is None:
        account.update(customer, "customer.updated", currency=currency)
    if invoice is not None:
        invoice_lines.put(account, invoice, [item])
        invoice_lines.compute(account, invoice)
    return item


def retrieve(account: Account, _: Params, id_: str) -> Row:
    return account.store.get("invoiceitem", id_)


def update(account: Account, params: Params, id_: str) -> Row:
    item = account.store.get("invoiceitem", id_)
    invoice = _draft_of(account, item)
    changes = _changes(account, item, params)
    if "metadata" in params:
        changes["metadata"] = merged_metadata(item, params["metadata"])
    if params.get("period"):
        changes["period"] = params["period"]
    account.store.save(item, **changes)
    if invoice is not None:
        invoice_lines.refresh(account, invoice, item)
        invoice_lines.compute(account, invoice)
    return item


def delete(account: Account, _: Params, id_: str) -> Row:
    item = account.store.get("invoiceitem", id_)
    invoice = _draft_of(account, item)
    if invoice is not None:
        invoice_lines.take_off(account, invoice, item)
        invoice_lines.compute(account, invoice)
    account.emit("invoiceitem.deleted", item)
    return account.store.remove(item)


def listed(account: Account, params: Params) -> Page:
    pending = params.get("pending")

    def keep(row: Row) -> bool:
        return pending is None or (row["invoice"] is None) == pending

    where = {name: params.get(name) for name in ("customer", "invoice")}
    return account.store.page("invoiceitem", params, where, keep)


def _draft_of(account: Account, item: Row) -> Row | None:
    if item["invoice"] is None:
        return None
    invoice = account.store.get("invoice", item["invoice"])
    invoice_lines.check_editable(invoice)
    return invoice


def _changes(account: Account, item: Row, params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name in ("description", "discountable"):
        if name in params:
            changes[name] = params[name]
    if "discounts" in params:
        owner = account.store.find("customer", item["customer"])
        changes["discounts"] = discounts.apply(
            account, params["discounts"], owner, item["currency"], invoice_item=item.id
        )
    if "tax_rates" in params:
        changes["tax_rates"] = tax_rates.named(account, params["tax_rates"], "tax_rates")
    return changes | _cost(account, item, params)


def _cost(account: Account, item: Row, params: Params) -> dict[str, Any]:
    """Amount, quantity and pricing: from an amount, a unit amount, a price or an inline price."""
    ways = [name for name in ("amount", "pricing", "price_data", "unit_amount_decimal") if params.get(name) is not None]
    if len(ways) > 1:
        raise StripeError(f"You may only specify one of these parameters: {', '.join(ways)}.", param=ways[1])
    counted = params.get("quantity") is not None or params.get("quantity_decimal") is not None
    if not ways and not counted:
        if "amount" in item:
            return {}
        raise StripeError(
            "One of `amount`, `pricing`, `price_data` or `unit_amount_decimal` is required.",
            code="parameter_missing",
            param="amount",
        )
    if ways == ["amount"]:
        if counted:
            raise StripeError("`amount` cannot be combined with a quantity.", param="quantity")
        amount = check_amount(params["amount"], item["currency"])
        return {"amount": amount, "pricing": priced(Decimal(amount)), "quantity": 1, "quantity_decimal": "1"}
    quantity = _quantity(params, item)
    counts = {"quantity": int(quantity), "quantity_decimal": plain(quantity)}
    step = smallest_step(item["currency"])
    if ways in (["pricing"], ["price_data"]):
        price = _price(account, item, params)
    elif not ways and (item["pricing"] or {}).get("price_details"):
        price = account.store.get("price", item["pricing"]["price_details"]["price"])
    else:
        unit = params["unit_amount_decimal"] if ways else Decimal(item["pricing"]["unit_amount_decimal"])
        return {"amount": rounded(unit * quantity, step), "pricing": priced(unit), **counts}
    unit_amount = price["unit_amount_decimal"]
    return {
        "amount": cost(price, quantity, step),
        "pricing": priced(None if unit_amount is None else Decimal(unit_amount), price),
        **counts,
    }


def _price(account: Account, item: Row, params: Params) -> Row:
    if params.get("price_data"):
        given = params["price_data"]
        account.store.named("product", given["product"], "price_data[product]")
        price = prices.inline(account, given)
    else:
        price = account.store.named("price", params["pricing"].get("price") or "", "pricing[price]")
        if not price["active"]:
            raise StripeError(
                f"The price specified is inactive. This field only accepts active prices: {price.id}.",
                param="pricing[price]",
            )
    if price["type"] == "recurring":
        raise StripeError(
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`.",
            param="pricing[price]",
        )
    if price["currency"] != item["currency"]:
        raise StripeError(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected "
            f"currency: `{item['currency']}`.",
            param="pricing[price]",
        )
    return price


def _quantity(params: Params, item: Row) -> Decimal:
    if params.get("quantity_decimal") is not None:
        if params.get("quantity") is not None:
            raise StripeError(
                "You may only specify one of these parameters: quantity, quantity_decimal.", param="quantity"
            )
        quantity: Decimal = params["quantity_decimal"]
        if quantity < 0:
            raise StripeError("Invalid decimal: must be non-negative.", param="quantity_decimal")
        return quantity
    return Decimal(item["quantity_decimal"] if params.get("quantity") is None else params["quantity"])


def priced(unit: Decimal | None, price: Row | None = None) -> dict[str, Any]:
    """The hash `pricing` of an item or a line."""
    return {
        "type": "price_details",
        "price_details": None if price is None else {"price": price.id, "product": price["product"]},
        "unit_amount_decimal": None if unit is None else plain(unit),
    }
