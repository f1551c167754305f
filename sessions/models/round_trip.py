"""Several SELECTs in one round trip to PostgreSQL.

Owns how statements are put together and how rows become what they mean. For what every verb of a
room reads under its lock: there six statements of the ORM made a verb twice as dear in CPU
(docs/benchmarks.md), most of it the writing of the statements. Everything else goes through the
ORM. Knows no table by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from django.db import connection
from django.db.models import Field, Model

T = TypeVar("T")
M = TypeVar("M", bound=Model)
Rows = Sequence[tuple[Any, ...]]
END: Final = ";\n"


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """One SELECT with named parameters, and what its rows mean."""

    sql: str
    parameters: Mapping[str, Any]
    take: Callable[[Rows], T]


def read(one: Read[T]) -> T:
    """What it finds: one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(one.sql, one.parameters)
        return one.take(cursor.fetchall())


class RoundTrip:
    """Several reads that are asked one after the other in one round trip. A parameter
    that more than one of them names is the same thing in all."""

    def __init__(self) -> None:
        self._reads: list[Read[Any]] = []
        self._found: list[Any] = []

    def ask(self, one: Read[T]) -> Callable[[], T]:
        """Also this; what it found is there after `go`."""
        self._reads.append(one)
        place = len(self._reads) - 1
        return lambda: self._found[place]

    def go(self) -> None:
        """Asks them all. Raises ValueError when a parameter is two things."""
        sql, parameters = END.join(one.sql for one in self._reads), self._parameters()
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            for one in self._reads:
                if self._found:
                    cursor.nextset()
                self._found.append(one.take(cursor.fetchall()))

    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {}
        for one in self._reads:
            for name, value in one.parameters.items():
                if parameters.setdefault(name, value) != value:
                    raise ValueError(f"{name} is two things")
        return parameters


def whole_rows(
    model: type[M], condition: str, parameters: Mapping[str, Any], *, lock: bool = False
) -> Read[list[M]]:
    """The rows of a model that meet a condition, whole, in the model's own order; `lock`: held
    by this transaction from then on. Raises TypeError for a model with a column that the ORM
    reads by more than psycopg does (JSON, sealed text)."""
    end = " FOR UPDATE" if lock else ""
    sql, attributes = _selecting(model)
    order = _ordering(model)

    def take(rows: Rows) -> list[M]:
        return [model.from_db(connection.alias, attributes, row) for row in rows]

    return Read(f"{sql} WHERE {condition}{order}{end}", parameters, take)


@lru_cache(maxsize=32)
def _selecting(model: type[Model]) -> tuple[str, list[str]]:
    fields = model._meta.concrete_fields
    if any(field.get_db_converters(connection) for field in fields):
        raise TypeError(f"{model.__name__} has columns that only the ORM can read")
    names = ", ".join(_column(field) for field in fields)
    table = _quoted(model._meta.db_table)
    return f"SELECT {names} FROM {table}", [field.attname for field in fields]  # noqa: S608


def _ordering(model: type[Model]) -> str:
    names = [_quoted(str(name)) for name in model._meta.ordering or ()]
    return f" ORDER BY {', '.join(names)}" if names else ""


def _column(field: "Field[Any, Any]") -> str:
    return _quoted(str(field.column))


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))
