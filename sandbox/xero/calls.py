"""One request to the Accounting API, read, and what its route answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.xero import wire
from sandbox.xero.errors import unreadable
from sandbox.xero.ledger import Ledger
from sandbox.xero.wire import Element


@dataclass(frozen=True, slots=True)
class Call:
    ledger: Ledger
    ids: tuple[str, ...]
    """What stands in the path's places, such as the InvoiceID, decoded."""
    query: Mapping[str, str]
    """Names in lower case."""
    body: Any = None
    modified_since: datetime | None = None

    @property
    def unit_places(self) -> int:
        return 4 if self.query.get("unitdp") == "4" else 2

    @property
    def summarize_errors(self) -> bool:
        """Xero: the default is true whatever the specification says; clients write it in any case."""
        usual = "true" if self.ledger.rules.errors_are_summarised_by_default else "false"
        return self.query.get("summarizeerrors", usual).strip().casefold() != "false"

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").strip().casefold() == "true"

    def number(self, name: str, usual: int) -> int:
        text = self.query.get(name, "").strip()
        return int(text) if text.isdecimal() and len(text) < 10 else usual

    def listed(self, name: str) -> list[str]:
        """A comma-separated parameter; empty where it is absent."""
        return [part.strip() for part in self.query.get(name, "").split(",") if part.strip()]

    def elements(self, name: str) -> list[Element]:
        """{"Invoices": [...]}, a bare list, or one bare object."""
        body = self.body
        if isinstance(body, dict) and name in body:
            return wire.read_elements(body, name)
        if isinstance(body, list):
            return wire.read_elements({name: body}, name)
        if isinstance(body, dict) and body:
            return [body]
        raise unreadable("No elements were posted")


@dataclass(frozen=True, slots=True)
class Answer:
    content: Mapping[str, Any] = field(default_factory=dict)
    """What stands in the envelope, such as {"Invoices": [...]}."""
    status: int = 200
    bare: bool = False
    """Whether it stands without the envelope, as Xero gives back a deleted allocation."""
