"""What every table shares: the tenant in every key, text for decimals, UTC for moments."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Id = String(26)
Minor = BigInteger
"""Whole minor units of a currency."""


class Moment(TypeDecorator[datetime]):
    """UTC. SQLite keeps no zone, so it is taken off going in and put back coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A Decimal kept as text: SQLite's NUMERIC goes through a float and loses digits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the interface
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - the interface
        return None if value is None else Decimal(value)


def table(name: str, *parts: SchemaItem | list[SchemaItem]) -> Table:
    """A table of one workspace's rows, each with an id of ours."""
    return bare_table(name, Column("id", Id, primary_key=True), *parts)


def bare_table(name: str, *parts: SchemaItem | list[SchemaItem]) -> Table:
    """A table of one workspace's rows that brings the rest of its key itself."""
    flat: list[SchemaItem] = []
    for part in parts:
        flat.extend(part if isinstance(part, list) else [part])
    return Table(
        name,
        metadata,
        Column("workspace_id", Id, primary_key=True),
        *flat,
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"]),
    )


def ref(column: str, target: str, *, nullable: bool = False, key: bool = False) -> list[SchemaItem]:
    """A pointer that carries the workspace with it, so that no row can point into another tenant."""
    return [
        Column(column, Id, nullable=nullable, primary_key=key),
        ForeignKeyConstraint(["workspace_id", column], [f"{target}.workspace_id", f"{target}.id"]),
    ]
