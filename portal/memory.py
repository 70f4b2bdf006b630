"""What stands for the life of a process, kept out of the way of the garbage collector.

Modules, routes and compiled statements are some hundred thousand objects. A full collection looks
through them all and finds nothing: whoever waits for one waits a tenth of a second, and a
transaction that makes many rows sets off several.
"""

import gc


def keep_for_good() -> None:
    """Have what is here by now looked through no more; called once, when a process stands."""
    gc.collect()
    gc.freeze()
