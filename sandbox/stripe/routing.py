"""From method and path to the endpoint, its form and the ids in the path."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.stripe.params import Form
from sandbox.stripe.rows import Row, Shown
from sandbox.stripe.store import Page

Answer = Row | Page | Shown


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    """As the contract writes it, ids in braces."""
    endpoint: Callable[..., Answer]
    """Takes the account, the parsed parameters, and the ids of the path in order."""
    form: Form = field(default_factory=lambda: Form({}))


class Router:
    """Words of a path go before ids: /v1/invoices/create_preview is no invoice."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root: dict[str, Any] = {}
        for route in routes:
            node = self._root
            for part in route.path.strip("/").split("/"):
                node = node.setdefault("{}" if part.startswith("{") else part, {})
            node[f"{route.method} "] = route

    def find(self, method: str, path: str) -> tuple[Route, list[str]] | None:
        node, ids = self._root, []
        for part in path.strip("/").split("/"):
            if part in node:
                node = node[part]
            elif "{}" in node and part:
                node = node["{}"]
                ids.append(part)
            else:
                return None
        route = node.get(f"{method} ")
        return (route, ids) if route else None
