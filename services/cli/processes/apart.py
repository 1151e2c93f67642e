"""The four services as four processes on loopback: started, watched and drained together."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence

from services.cli.processes.child import Child, ChildEnded, ChildPlan

START_SECONDS = 60.0
STOP_SECONDS = 30.0


async def run_children(
    plans: Sequence[ChildPlan], inherits: Mapping[str, str], *, on_ready: Callable[[], None]
) -> None:
    """Runs them until SIGINT or SIGTERM, then drains them, the last planned first: it calls the others.

    Raises ChildEnded where one ends by itself, and ChildIsSlow where one does not start to serve; the others are
    drained before.
    """
    stop = _stop_signal()
    children: list[Child] = []
    try:
        for plan in plans:
            child = await Child.start(plan, inherits=inherits)
            children.append(child)
        deaths = [_until_it_ends(child) for child in children]
        await _until_first(stop.wait(), _announce(children, on_ready), *deaths)
    finally:
        await _drain(children)


async def _announce(children: Sequence[Child], on_ready: Callable[[], None]) -> None:
    await asyncio.gather(*(child.until_serving(START_SECONDS) for child in children))
    on_ready()
    await asyncio.Event().wait()


async def _until_it_ends(child: Child) -> None:
    raise ChildEnded(child.plan.name, await child.process.wait())


async def _until_first(*waits: Coroutine[None, None, object]) -> None:
    """Until one of them ends; the others are cancelled. Raises what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _drain(children: Sequence[Child]) -> None:
    for child in children[-1:]:
        await child.stop(STOP_SECONDS)
    await asyncio.gather(*(child.stop(STOP_SECONDS) for child in children[:-1]))


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
