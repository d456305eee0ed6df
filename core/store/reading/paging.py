"""Long lists a page at a time, from the newest back: ids grow with time, so the last one shown says where to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select

PAGE = 50

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    rows: Sequence[_T]
    older: str | None
    """The id to go on before; None at the end."""


def newest_first(database: Connection, query: Select[Any], id_column: Any, before: str | None) -> Page[Row[Any]]:
    """`query` selects the column under the name `id`."""
    if before:
        query = query.where(id_column < before)
    rows = database.execute(query.order_by(id_column.desc()).limit(PAGE + 1)).all()
    return Page(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)
