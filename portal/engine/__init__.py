"""What comes next: `decide` is pure, `advance` carries it out in the open transaction.

`running` is one process in hand: loaded under its head's lock, changed in memory, written in
one statement per table (`rows`). `casting` says who takes part, `asking` opens tasks, `closing`
ends them, `rounds` is the way back, `troubles` is what needs a person. `locking` takes no more than
the head of a process, for verbs that need no more; `lifetimes` says how long links live.
"""
