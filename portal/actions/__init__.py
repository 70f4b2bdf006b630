"""The verbs: what people, programs and the clock do. One function, one transaction.

Every verb takes ``actor=``, permits it in `access.may`, changes the nouns, and records what
happened; `engine.advance` then opens what comes next, all in the same transaction.
"""
