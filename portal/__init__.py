"""Portico, a self-hosted portal for work that crosses a company's border.

The rooms of the house, in the order in which one may lean on another:

``errors`` ``language`` ``clock`` ``fault`` ``kin`` ``installation`` ``brand`` ``settings``
``logs`` ``actor`` ``calendar`` ``db``
                 the ground floor: what every room may stand on
``definition``   the language: what should happen; pure, no database, no Flask
``ledger``       the memory: append-only, hash-chained; the only source of the past
``models``       the nouns: what may happen now
``access``       who is asking: links, sessions, tokens, permissions, rate limits
``engine``       what comes next
``actions``      the verbs: one function is one transaction is one or more events
``readings``     what the ledger tells, read-only
``delivery``     the hands: mail, files, PDF, seal; they know nothing of processes
``web`` ``cli``  the doors: parse, name the actor, call one verb or reading, render

``bootstrap`` stands before the door: it makes the environment, with the standard library alone.
``migrations`` bring the database to the shape of ``models`` and ``ledger``.
``locale`` is what people outside read in other languages than English.
``tasks/`` beside this package is the night shift, the worker jobs; ``app.py`` joins the two.
Three questions lead to any line. Does it change something? ``actions``, or the ``engine`` under
it. Does it tell something? ``readings``. Does it touch the outside? A door, or ``delivery``.
"""
