"""Every kind of exception that the code opens is told on the desk."""

import re
from pathlib import Path

from portal.engine import declines
from portal.readings import stuck

_ROOM = Path(stuck.__file__).parents[1]
_OPENED = re.compile(r"open_trouble\(\s*running,\s*\"([a-z_]+)\"")


def test_the_desk_knows_why_each_kind_of_exception_stands() -> None:
    sources = [*_ROOM.glob("engine/*.py"), *_ROOM.glob("actions/*.py")]
    opened = {kind for file in sources for kind in _OPENED.findall(file.read_text())}
    assert len(opened) > 6
    assert opened | {declines.KIND} <= stuck.CAUSES.keys()
