"""Playing a business on a Stripe account, through its public API and nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

import requests

_API_VERSION = "2026-10-28.endive"
_TIMEOUT_SECONDS = 30
_PAGE = 100
USER_AGENT = "subledger-demo"


class StripeAccount:
    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Stripe-Version": _API_VERSION})

    def create(self, path: str, **params: Any) -> dict[str, Any]:
        response = self._session.post(f"{self._base_url}/v1/{path}", data=list(_form(params)), timeout=_TIMEOUT_SECONDS)
        response.raise_for_status()
        made: dict[str, Any] = response.json()
        return made

    def read(self, path: str, **params: Any) -> dict[str, Any]:
        response = self._session.get(
            f"{self._base_url}/v1/{path}", params=list(_form(params)), timeout=_TIMEOUT_SECONDS
        )
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def all(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every object of a list, page by page."""
        after: dict[str, str] = {}
        while True:
            page = self.read(path, **params, **after, limit=_PAGE)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}


def _form(value: Mapping[str, Any] | list[Any] | Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Stripe's bracketed form fields."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _form(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _form(inner, f"{name}[{index}]")
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, str(value)
