"""The memory: append-only, one hash-chained log a process; knows no room above it.

``catalogue`` says what can happen, ``record`` appends it, ``outbox`` holds what is owed to the
outside because of it, ``checkpoints`` anchors it. ``chain``, ``tree``, ``ed25519``, ``findings``,
``shapes``, ``replay``, ``keepsakes``, ``verify`` and ``judging`` use the standard library alone,
so that ``python3 -m portal.ledger`` checks a ledger wherever there is Python: nothing may be
imported here.
"""
