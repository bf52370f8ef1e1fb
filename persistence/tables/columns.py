"""Columns that every table writes the same way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, MetaData, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def key() -> Column[Any]:
    """The primary key: a UUIDv7 made by the application."""
    return Column("id", UUID, primary_key=True)


def ref(name: str, target: str, nullable: bool = False, **options: Any) -> Column[Any]:
    """A reference to another table's id."""
    return Column(name, UUID, ForeignKey(f"{target}.id"), nullable=nullable, **options)


def words(name: str, nullable: bool = False, default: str | None = None, **options: Any) -> Column[Any]:
    """Text, unbounded: limits are the domain's."""
    server_default = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=nullable, server_default=server_default, **options)


def minor(name: str, nullable: bool = False, default: int | None = None) -> Column[Any]:
    """An amount in minor units, or another count that may grow large."""
    server_default = None if default is None else text(str(default))
    return Column(name, BigInteger, nullable=nullable, server_default=server_default)


def moment(name: str, nullable: bool = True) -> Column[Any]:
    """A point in time."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def born(name: str = "created_at") -> Column[Any]:
    """When the row's transaction began, by the database's clock."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def facts(name: str, nullable: bool = False) -> Column[Any]:
    """A JSON document."""
    return Column(name, JSONB, nullable=nullable, server_default=None if nullable else text("'{}'::jsonb"))


def uuids(name: str, nullable: bool = False) -> Column[Any]:
    """An ordered list of ids."""
    return Column(name, ARRAY(UUID), nullable=nullable)


def texts(name: str, nullable: bool = False) -> Column[Any]:
    """A list of words."""
    return Column(name, ARRAY(Text), nullable=nullable, server_default=None if nullable else text("'{}'"))
