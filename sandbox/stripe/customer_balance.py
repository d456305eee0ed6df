"""What a customer has in credit (negative) or owes (positive) across invoices, one movement at a time."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.money import check_currency
from sandbox.stripe.params import Form, Params, integer, listing, metadata, short_text, span, text
from sandbox.stripe.rows import Row, merged_metadata
from sandbox.stripe.store import Page

CREATE = Form({"amount*": integer, "currency*": text, "description": short_text, "metadata": metadata})
UPDATE = Form({"description": short_text, "metadata": metadata})
LIST = listing({"created": span, "invoice": text})


def move(
    account: Account,
    customer: Row,
    amount: int,
    currency: str,
    type_: str,
    *,
    invoice: str | None = None,
    credit_note: str | None = None,
    tell: bool = True,
) -> Row:
    """Changes the balance and records it; `tell` says whether the customer's own event is emitted here."""
    ending = customer["balance"] + amount
    changes = {"balance": ending, "currency": customer["currency"] or currency}
    if tell:
        account.update(customer, "customer.updated", **changes)
    else:
        account.store.save(customer, **changes)
    return account.add(
        Row(
            {
                "id": account.store.new_id("customer_balance_transaction"),
                "object": "customer_balance_transaction",
                "amount": amount,
                "created": account.now(customer["test_clock"]),
                "credit_note": credit_note,
                "currency": currency,
                "customer": customer.id,
                "ending_balance": ending,
                "invoice": invoice,
                "type": type_,
            }
        )
    )


def create(account: Account, params: Params, customer: str) -> Row:
    owner = account.store.named("customer", customer, "customer")
    currency = check_currency(params["currency"])
    if owner["currency"] not in (None, currency):
        raise StripeError(
            f"The customer's currency is {owner['currency']}; its balance cannot move in {currency}.",
            param="currency",
        )
    moved = move(account, owner, params["amount"], currency, "adjustment")
    return account.store.save(
        moved,
        description=params.get("description"),
        metadata=merged_metadata(moved, params.get("metadata") or {}),
    )


def retrieve(account: Account, _: Params, customer: str, id_: str) -> Row:
    account.store.get("customer", customer, "customer")
    return account.store.get("customer_balance_transaction", id_)


def update(account: Account, params: Params, customer: str, id_: str) -> Row:
    moved = retrieve(account, params, customer, id_)
    changes = {name: params[name] for name in ("description",) if name in params}
    if "metadata" in params:
        changes["metadata"] = merged_metadata(moved, params["metadata"])
    return account.store.save(moved, **changes)


def listed(account: Account, params: Params, customer: str) -> Page:
    account.store.get("customer", customer, "customer")
    where = {"customer": customer, "invoice": params.get("invoice")}
    return account.store.page("customer_balance_transaction", params, where)
