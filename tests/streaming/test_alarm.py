import asyncio
import time

from chopin_mw.streaming.alarm import Alarm


async def test_it_rings_after_its_time_and_again() -> None:
    """Counted from when it was set."""
    rang = asyncio.Event()
    times = []

    def ring() -> None:
        times.append(time.monotonic())
        if len(times) == 2:
            rang.set()

    alarm = Alarm(0.02, ring)
    await asyncio.sleep(0.01)
    began = time.monotonic()
    alarm.set()
    await rang.wait()
    alarm.end()

    assert times[0] - began >= 0.019
    assert times[1] - times[0] >= 0.019


async def test_unset_it_is_silent() -> None:
    """Until it is set again."""
    rang: list[None] = []
    alarm = Alarm(0.01, lambda: rang.append(None))
    alarm.set()
    alarm.unset()

    await asyncio.sleep(0.04)
    alarm.end()
    alarm.end()

    assert rang == []


async def test_it_can_be_ended_while_it_rings() -> None:
    """And rings no more."""
    rang: list[None] = []

    def ring() -> None:
        rang.append(None)
        alarm.end()

    alarm = Alarm(0.01, ring)
    alarm.set()

    await asyncio.sleep(0.04)

    assert rang == [None]
