"""What begins an event loop of its own is called where one runs already, too."""

import asyncio
import contextvars

import pytest

from portal.delivery.apart import apart

WHO = contextvars.ContextVar("who", default="nobody")


async def _answer() -> str:
    return WHO.get()


def test_a_loop_begins_beside_the_one_that_runs() -> None:
    async def calls() -> str:
        WHO.set("Dana")
        return apart(lambda: asyncio.run(_answer()))

    # In a thread of its own, whatever runs in this one after other tests.
    assert apart(lambda: asyncio.run(calls())) == "Dana"


def test_what_it_raises_comes_back() -> None:
    def fails() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        apart(fails)
