"""The account itself, as GET /v1/account shows it."""

from sandbox.stripe.account import Account
from sandbox.stripe.errors import no_such
from sandbox.stripe.params import Params
from sandbox.stripe.rows import Shown


def show(account: Account, _: Params) -> Shown:
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": "Subledger sandbox", "url": None, "support_email": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "DE",
        "created": 1_700_000_000,
        "default_currency": "eur",
        "details_submitted": True,
        "email": "owner@subledger.example",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def retrieve(account: Account, params: Params, id_: str) -> Shown:
    if id_ != account.id:
        raise no_such("account", id_)
    return show(account, params)
