"""Calls of what begins an event loop of its own, whatever runs in the caller's thread."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def apart(call: Callable[[], T]) -> T:
    """What the call gives or raises, made in a thread of its own with what holds in this one.

    ``asyncio.run`` refuses a thread in which a loop runs already.
    """
    around = contextvars.copy_context()
    with ThreadPoolExecutor(1, "apart") as pool:
        return pool.submit(around.run, call).result()
