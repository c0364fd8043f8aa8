"""The engine and the sessions of both example apps."""

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from examples.flights.location import database_url, sqlite_file

url = database_url()
file = sqlite_file(url)
# SQLite would make a new empty file where there is none, and every request would fail.
if file is not None and not file.is_file():
    raise FileNotFoundError(f"no flights at {file}: run 'python -m examples.flights' first")

engine = create_async_engine(url)
sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(engine, expire_on_commit=False)
