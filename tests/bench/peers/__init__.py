"""Other engines, run through the same ten steps in an environment of their own.

The environment is made once, of ``requirements-peers.txt``, in ``.venv-peers``.
"""

import subprocess
import sys

from tests.servers import ROOT

_HERE = ROOT / "tests" / "bench"
_HOME = ROOT / ".venv-peers"
SCRIPTS = {"peer-viewflow": "viewflow_steps.py", "peer-spiff": "spiff_steps.py"}


def command(name: str, folder: str, times: int) -> list[str]:
    """What runs one sample of a peer; CalledProcessError where its environment can't be made."""
    python = _HOME / "bin" / "python"
    lock = _HERE / "requirements-peers.txt"
    stamp = _HOME / "made-of.txt"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_HOME)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "-r", str(lock)], check=True)
        stamp.write_text(lock.read_text())
    return [str(python), str(_HERE / "peers" / SCRIPTS[name]), folder, str(times)]
