"""Reasons as sentences in which an id that a rule may ask for stands beside the name that people know."""

import re
from collections.abc import Callable, Iterable

from sqlalchemy import Connection as Database

from connectors.contract import Role
from connectors.registry import CONNECTORS
from core.kinds import Kind
from core.reasons import Reason
from core.store import links
from core.store.reading import story
from web.pages import here

_FACT = re.compile(rf"\b({Kind.PRICE.value}|{Kind.PRODUCT.value}) ([^\s,]+)")


def telling(database: Database, reasons: Iterable[Reason]) -> Callable[[Reason], str]:
    """How to tell each of these reasons."""
    facts = {fact for reason in reasons for fact in _FACT.findall(reason.params.get("facts", ""))}
    names = _names(database, {(Kind(kind), remote_id) for kind, remote_id in facts})

    def tell(reason: Reason) -> str:
        def named(fact: re.Match[str]) -> str:
            name = names.get((Kind(fact[1]), fact[2]))
            return f"{fact[0]} ({name})" if name else fact[0]

        told = _FACT.sub(named, reason.params.get("facts", ""))
        return Reason(reason.code, {**reason.params, "facts": told}).sentence()

    return tell


def _names(database: Database, wanted: set[tuple[Kind, str]]) -> dict[tuple[Kind, str], str]:
    found: dict[tuple[Kind, str], str] = {}
    for one in here.links(database).values():
        if CONNECTORS[one.vendor].role is Role.GATEWAY:
            found |= links.linked(database, one.workspace_id, one.id, wanted)
    called = story.called(here.hub().store, database, here.workspace_id(), sorted(set(found.values())))
    return {fact: called[record_id] for fact, record_id in found.items()}
