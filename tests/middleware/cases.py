"""All citizenship cases, by the question they ask."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from types import ModuleType
from typing import TypeAlias

from middleware import (
    cases_cancellation,
    cases_conditional,
    cases_connections,
    cases_context,
    cases_disconnect,
    cases_errors,
    cases_hostile,
    cases_messages,
    cases_receive,
    cases_scope,
    cases_streaming,
)
from support.differential import Citizen

Case: TypeAlias = Callable[[Citizen], Awaitable[None]]

THEMES = (
    cases_messages,
    cases_scope,
    cases_receive,
    cases_connections,
    cases_errors,
    cases_cancellation,
    cases_disconnect,
    cases_streaming,
    cases_context,
    cases_conditional,
    cases_hostile,
)


def cases_of(theme: ModuleType) -> tuple[Case, ...]:
    """List the public coroutine functions of one module whose one parameter is `wrap`."""
    return tuple(
        case
        for name, case in vars(theme).items()
        if iscoroutinefunction(case)
        and case.__module__ == theme.__name__
        and tuple(case.__annotations__) == ("wrap", "return")
    )


CASES = tuple(case for theme in THEMES for case in cases_of(theme))


async def run(case: Case, citizen: Citizen) -> None:
    """Run one case; whatever is still waiting after ten seconds is a deadlock."""
    async with asyncio.timeout(10):
        await case(citizen)
