"""Who acts at the terminal: whoever has the shell of the machine may do what an admin may."""

import getpass

from portal.actor import Actor


def at_the_terminal() -> Actor:
    """The actor of a command, named by the account that runs it."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = "somebody"
    return Actor(
        kind="system",
        id="terminal",
        name=f"{account} at the terminal",
        via="cli",
        auth="terminal",
        role="admin",
    )
