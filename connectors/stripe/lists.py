"""Stripe's lists: newest first, up to 100 rows a page, the next page asked for by the last row's id."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from connectors.contract import Row
from core.errors import ContractBroken

PAGE = 100
_PAGES_MAX = 1000

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListPage:
    rows: Sequence[Row]
    more: bool

    @property
    def last(self) -> str:
        return str(self.rows[-1]["id"]) if self.rows else ""


def page(ask: Callable[[str], Row], path: str, params: Params = (), after: str = "", limit: int = PAGE) -> ListPage:
    place = [("starting_after", after)] if after else []
    body = ask(f"{path}?{urlencode([('limit', str(limit)), *params, *place])}")
    rows, more = body.get("data"), body.get("has_more")
    if not isinstance(rows, list) or not isinstance(more, bool):
        raise ContractBroken(f"{path} is not a list.")
    if not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise ContractBroken(f"{path} lists something without an id.")
    answer = ListPage(rows, more)
    if more and answer.last in {"", after}:
        raise ContractBroken(f"{path} has a next page that leads nowhere.")
    return answer


def everything(ask: Callable[[str], Row], path: str, params: Params = ()) -> Iterator[Row]:
    """All pages of a list that belongs to one object."""
    after = ""
    for _ in range(_PAGES_MAX):
        answer = page(ask, path, params, after)
        yield from answer.rows
        if not answer.more:
            return
        after = answer.last
    raise ContractBroken(f"{path} does not end.")


def created(row: Row) -> int:
    """When it came to be, in whole seconds: what lists are ordered by."""
    moment = row.get("created")
    if type(moment) is not int:
        raise ContractBroken("Stripe lists something without the moment of its creation.")
    return moment
