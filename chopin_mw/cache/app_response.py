"""What is known of a response when its header has come from the app."""

from dataclasses import dataclass

from chopin_mw.exchange import CacheChoice
from chopin_mw.rules.headers import Fields


@dataclass(slots=True, eq=False)
class AppResponse:
    """Hold the header, the fields that rules read of it, and what decorators said.

    `is_guarded` says that the handler ran only because of what a token grants.

    `fill_start` and `received` are readings of the monotonic clock: when the app was asked, and
    when the header came.
    """

    status: int
    headers: Fields
    fields: dict[bytes, bytes]
    fill_start: float
    received: float
    choice: CacheChoice | None
    is_guarded: bool = False
