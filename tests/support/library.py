"""A small library: books with and without authors, tags, and a staff with bosses."""

from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


labels = Table(
    "labels",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag", ForeignKey("tags.name"), primary_key=True),
)


class Author(Base):
    __tablename__ = "authors"

    # Columns with other names than their attributes.
    id: Mapped[int] = mapped_column("number", primary_key=True)
    name: Mapped[str] = mapped_column("full_name")
    books: Mapped[list["Book"]] = relationship(back_populates="author", order_by="Book.id")


class Tag(Base):
    __tablename__ = "tags"

    name: Mapped[str] = mapped_column(String, primary_key=True)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    isbn: Mapped[str] = mapped_column(unique=True)
    year: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("authors.number"))
    author: Mapped[Author | None] = relationship(back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=labels, order_by=Tag.name)


class Shelf(Base):
    """Has two columns for a key."""

    __tablename__ = "shelves"

    floor: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    metres: Mapped[int]


class Employee(Base):
    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
    boss: Mapped["Employee | None"] = relationship(remote_side="Employee.id")
    staff: Mapped[list["Employee"]] = relationship(viewonly=True)

    __mapper_args__ = {  # noqa: RUF012 - declared as SQLAlchemy reads it
        "polymorphic_on": "kind",
        "polymorphic_identity": "employee",
    }


class Librarian(Employee):
    __tablename__ = "librarians"

    id: Mapped[int] = mapped_column(ForeignKey("employees.id"), primary_key=True)
    desk: Mapped[str]

    __mapper_args__ = {"polymorphic_identity": "librarian"}  # noqa: RUF012 - as above


def fill(session: Session) -> None:
    """Add what the tests list: names and titles come twice, and there are NULLs."""
    tags = [Tag(name=name) for name in ("dusty", "new", "red")]
    authors = [
        Author(id=n, name=name) for n, name in enumerate(("Ann", "Bob", "Bob", "Zoë", "Yan"), 1)
    ]
    books = [
        Book(
            id=n,
            title=f"Title {n % 3}",
            isbn=f"978-{n * 7 % 11}",
            year=None if n % 4 == 0 else 1900 + n % 3,
            # Nobody wrote every fifth, and Zoë and Yan nothing.
            author=authors[n % 5 - 1] if 0 < n % 5 < 4 else None,
            tags=tags[: n % 4],
        )
        for n in range(1, 12)
    ]
    shelves = [Shelf(floor=n % 2, place="abc"[n % 3], metres=n // 3) for n in range(6)]
    boss = Librarian(id=1, name="Eve", desk="entrance")
    clerks = [Employee(id=n, name=name, boss=boss) for n, name in ((2, "Fay"), (3, "Gus"))]
    under = Librarian(id=4, name="Fay", desk="cellar", boss=clerks[0])
    session.add_all([*tags, *authors, *books, *shelves, boss, *clerks, under])
    session.flush()
