"""Lists that ended early in a review."""

import warnings
from itertools import chain

from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
)

from chopin_mw.rules.cursor import CursorSigner
from chopin_mw.sql.keyset import keyset_page

SIGNER = CursorSigner("a secret for tests that is long enough")


class Base(DeclarativeBase):
    pass


class Flight(Base):
    __tablename__ = "flights"

    id: Mapped[int] = mapped_column(primary_key=True)
    # One each, as the class says; nothing in the database does.
    gate: Mapped["Gate | None"] = relationship(uselist=False, viewonly=True)


class Gate(Base):
    __tablename__ = "gates"

    id: Mapped[int] = mapped_column(primary_key=True)
    flight_id: Mapped[int] = mapped_column(ForeignKey("flights.id"))


def pages_of(session: Session, limit: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return the ids of all pages, read forth and then back."""
    statement = select(Flight).options(joinedload(Flight.gate))

    def walk(cursor: str | None, neighbour: str) -> list[list[int]]:
        found = []
        while True:
            page = keyset_page(session, statement, limit=limit, cursor=cursor, signer=SIGNER)
            found.append([flight.id for flight in page.rows])
            ends.append(page.previous_cursor)
            cursor = page[neighbour]
            if cursor is None:
                return found

    ends: list[str | None] = []
    forth = walk(None, "next_cursor")
    return forth, [*walk(ends[-1], "previous_cursor")[::-1], forth[-1]]


def test_an_eager_one_to_one_that_is_none_does_not_end_the_list() -> None:
    """It repeats rows before the limit counts them, which SQLAlchemy warns of."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session, warnings.catch_warnings(action="ignore", category=SAWarning):
        session.add_all(Flight(id=number) for number in range(1, 8))
        session.add_all(Gate(flight_id=1 + number % 3) for number in range(12))
        session.flush()

        for limit in (1, 2, 3):
            forth, back = pages_of(session, limit)

            assert list(chain.from_iterable(forth)) == list(range(1, 8))
            assert all(len(page) == limit for page in forth[:-1])
            assert back == forth
    engine.dispose()
