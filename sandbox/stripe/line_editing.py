"""The lines of a draft, edited in the invoice's own words: each is an invoice item underneath."""

from collections.abc import Callable
from typing import Any

from sandbox.stripe import invoice_items, invoice_lines
from sandbox.stripe.account import Account
from sandbox.stripe.errors import StripeError
from sandbox.stripe.params import Form, Params, each, metadata, nested, one_of, text
from sandbox.stripe.rows import Row, merged_metadata

ADD = Form(
    {
        "invoice_metadata": metadata,
        "lines*": each(nested({**invoice_items.FIELDS, "invoice_item": text})),
    }
)
UPDATE = Form({"invoice_metadata": metadata, "lines*": each(nested({**invoice_items.FIELDS, "id*": text}))})
REMOVE = Form(
    {
        "invoice_metadata": metadata,
        "lines*": each(nested({"id*": text, "behavior*": one_of("delete", "unassign")})),
    }
)
UPDATE_LINE = Form(invoice_items.FIELDS)


def add(account: Account, params: Params, id_: str) -> Row:
    def one(invoice: Row, line: Params, param: str) -> None:
        if line.get("invoice_item"):
            item = account.store.named("invoiceitem", line["invoice_item"], f"{param}[invoice_item]")
            if item["invoice"] is not None or item["customer"] != invoice["customer"]:
                raise StripeError("The invoice item is not pending for this customer.", param=param)
            invoice_lines.put(account, invoice, [item])
            return
        on = {"customer": invoice["customer"], "currency": invoice["currency"], "invoice": invoice.id}
        invoice_items.create(account, {**line, **on})

    return _edit(account, params, id_, one)


def update(account: Account, params: Params, id_: str) -> Row:
    def one(invoice: Row, line: Params, param: str) -> None:
        item = _item_of(account, invoice, line["id"], param)
        invoice_items.update(account, {name: value for name, value in line.items() if name != "id"}, item.id)

    return _edit(account, params, id_, one)


def remove(account: Account, params: Params, id_: str) -> Row:
    """`unassign` lets the item wait for another invoice."""

    def one(invoice: Row, line: Params, param: str) -> None:
        item = _item_of(account, invoice, line["id"], param)
        if line["behavior"] == "delete":
            invoice_items.delete(account, {}, item.id)
        else:
            invoice_lines.take_off(account, invoice, item)

    return _edit(account, params, id_, one)


def update_line(account: Account, params: Params, id_: str, line: str) -> Row:
    update(account, {"lines": [{**params, "id": line}]}, id_)
    return account.store.get("line_item", line)


def _edit(account: Account, params: Params, id_: str, one: Callable[[Row, Params, str], None]) -> Row:
    invoice = account.store.get("invoice", id_, "invoice")
    invoice_lines.check_editable(invoice)
    before = account.show(invoice)
    for at, line in enumerate(params["lines"]):
        one(invoice, line, f"lines[{at}]")
    changes: dict[str, Any] = {}
    if "invoice_metadata" in params:
        changes["metadata"] = merged_metadata(invoice, params["invoice_metadata"])
    account.store.save(invoice, **changes)
    invoice_lines.compute(account, invoice)
    account.emit_changes(invoice, "invoice.updated", before)
    return invoice


def _item_of(account: Account, invoice: Row, line: str, param: str) -> Row:
    found = account.store.find("line_item", line)
    if found is None or found["invoice"] != invoice.id:
        raise StripeError(f"No such invoice line item: '{line}'", code="resource_missing", param=f"{param}[id]")
    if found["_item"] is None:
        raise StripeError("The line of a subscription follows its item and cannot be edited.", param=param)
    return account.store.get("invoiceitem", found["_item"])
