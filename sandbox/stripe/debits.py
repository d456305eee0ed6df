"""How a debit that was under way ends: the money arrives, or the bank refuses it."""

from sandbox.stripe import balance, charging, collection, invoice_settling
from sandbox.stripe.account import Account
from sandbox.stripe.agenda import BUSINESS_DAY
from sandbox.stripe.cards import ACCOUNTS, BankAccount
from sandbox.stripe.errors import StripeError
from sandbox.stripe.rows import Row


def end(account: Account, charge: Row) -> None:
    if charge["status"] != "pending":
        return
    intent = account.store.get("payment_intent", charge["payment_intent"])
    held = ACCOUNTS[charge["_card"]]
    if held.code:
        _refused(account, intent, charge, held)
    else:
        _arrived(account, intent, charge, held)


def _arrived(account: Account, intent: Row, charge: Row, held: BankAccount) -> None:
    """Stripe: the movement of money that came another way than by card is a `payment`, still a `charge` in reports."""
    settled = balance.settle(charge["amount"], charge["currency"])
    moved = balance.record(
        account,
        settled,
        "payment",
        "charge",
        source=charge,
        created=account.now_for(charge["customer"]),
        fees=balance.debit_fees(settled),
        description=charge["description"],
    )
    account.store.save(charge, status="succeeded", paid=True, balance_transaction=moved.id)
    account.emit("charge.succeeded", charge)
    charging.succeed(account, intent, charge, charge["amount"])
    invoice_settling.settle_invoices(account, intent)
    if held.disputed:
        account.agenda.put(BUSINESS_DAY, account.latest(), "dispute_begins", charge.id)


def _refused(account: Account, intent: Row, charge: Row, held: BankAccount) -> None:
    account.store.save(
        charge,
        status="failed",
        captured=False,
        amount_captured=0,
        failure_code=held.code,
        failure_message=held.message,
        outcome=charging.declined_outcome(charge, held.code),
    )
    account.emit("charge.failed", charge)
    method = account.store.find("payment_method", charge["payment_method"])
    why = StripeError(
        held.message,
        status=402,
        code=held.code,
        charge=charge.id,
        payment_method=account.show(method) if method else None,
    )
    charging.fail(account, intent, charge, why)
    for payment in list(account.store.where("invoice_payment", "_payment", intent.id)):
        if payment["status"] == "open":
            collection.failed_later(account, account.store.get("invoice", payment["invoice"]))
