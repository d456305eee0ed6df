"""What goes wrong on the way, drawn from the seed: it must not show in the books."""

from collections.abc import Sequence
from random import Random
from typing import Any

_BLOCK = 20
_BLOCKS = 250
"""Enough for five thousand webhooks."""
_WEBHOOK_FAULTS = ("drop", "duplicate", "duplicate", "reorder", "reorder")
"""Of each twenty webhooks one is lost, two come twice, two are overtaken."""

_WRITES = ("Contacts", "Items", "Invoices", "Payments", "CreditNotes")


def webhooks(random: Random) -> Sequence[dict[str, Any]]:
    struck = sorted(
        (block * _BLOCK + place, fault)
        for block in range(_BLOCKS)
        for place, fault in zip(random.sample(range(_BLOCK), len(_WEBHOOK_FAULTS)), _WEBHOOK_FAULTS, strict=True)
    )
    # a webhook that is struck by one fault is not counted by those after it
    return [{"webhook": "*", "fault": fault, "skip": place - earlier} for earlier, (place, fault) in enumerate(struck)]


def ledger(random: Random) -> Sequence[dict[str, Any]]:
    """Too many requests, once; and two writes that take effect without an answer."""
    *lost, refused = random.sample(_WRITES, 3)
    headers = {"Retry-After": "1", "X-Rate-Limit-Problem": "minute"}
    return [
        {"match": _writing(refused), "fault": "refuse", "status": 429, "headers": headers},
        *({"match": _writing(name), "fault": "commit_then_close"} for name in lost),
    ]


def _writing(name: str) -> str:
    """PUT and POST, and nothing that only reads."""
    return f"P[UO][TS]* /api.xro/2.0/{name}*"
