"""A process from its first setting to its exit code.

    settings --> start(stack) opens things --> SIGTERM or SIGINT --> the stack closes in reverse --> exit 0

A second signal ends the process at once. Exit 1: a fault; exit 2: it could not start, with one sentence on stderr.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar

from shared import logging
from shared.errors import StartupError, TandemError
from shared.settings import ServiceSettings, SettingsError, load, print_config

S = TypeVar("S", bound=ServiceSettings)

GC_THRESHOLD = 10_000
"""Containers made, less those that are gone, until the youngest are looked through; Python's own is 700."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_service(
    settings_class: type[S], start: Callable[[S, AsyncExitStack], Awaitable[object]], arguments: Sequence[str]
) -> int:
    """What a service's `__main__` does: `sys.exit(run_service(ProfileSettings, start, sys.argv[1:]))`.

    The one argument is --print-config.
    """
    if set(arguments) - {"--print-config"}:
        return _refuse(
            f"unknown argument {' '.join(arguments)}: settings come from the environment; see --print-config"
        )
    try:
        settings = load(settings_class)
    except SettingsError as failure:
        return _refuse(str(failure))
    if arguments:
        print(print_config(settings))
        return 0
    logging.configure(settings.log_level)
    return run(lambda stack: start(settings, stack))


def run(start: Callable[[AsyncExitStack], Awaitable[object]]) -> int:
    """Runs what `start` opens until a signal; answers the exit code."""
    try:
        asyncio.run(until_signal(start))
    except (StartupError, TandemError) as failure:
        cause = f" ({failure.__cause__})" if isinstance(failure, TandemError) and failure.__cause__ else ""
        return _refuse(f"{failure}{cause}")
    return 0


async def until_signal(start: Callable[[AsyncExitStack], Awaitable[object]]) -> None:
    """Returns after SIGTERM or SIGINT, when everything on the stack is closed. A signal during start ends the start."""
    stop = _stop_on_signal()
    async with AsyncExitStack() as stack:
        starting = asyncio.ensure_future(start(stack))
        waiting = asyncio.ensure_future(stop.wait())
        await asyncio.wait((starting, waiting), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            _spare_what_stays()
            await waiting
        else:
            starting.cancel()
            await asyncio.wait((starting,))


def _spare_what_stays() -> None:
    """What start made stays as long as the process: the garbage collector need not go through it again and again. What
    is made for one call lives shorter than ten thousand allocations take."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])


def _stop_on_signal() -> asyncio.Event:
    # On the loop: a handler outside it would interrupt the closing it is meant to begin.
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def begin() -> None:
        stop.set()
        for each in _SIGNALS:
            loop.remove_signal_handler(each)

    for each in _SIGNALS:
        loop.add_signal_handler(each, begin)
    return stop


def _refuse(text: str) -> int:
    print(text, file=sys.stderr)
    return 2
