"""The steps that were added to one process, without the words that somebody wrote into them.

The digest under which the ledger knows the text stays.
"""

import sqlalchemy as sa

from portal.db import Tx
from portal.definition.wordless import without_words
from portal.engine.personal import ERASED
from portal.models import AddedStep, DefinitionRow, trees


def hide(tx: Tx, process_id: str) -> None:
    """Take the words out of the texts that this process alone runs under, whoever is erased.

    Nobody can tell who is meant in them.
    """
    its = sa.select(AddedStep.step).where(AddedStep.process_id == process_id)
    steps = set(tx.execute(its.where(AddedStep.source != ERASED)).scalars())
    if not steps:
        return
    gone = sa.update(AddedStep).where(AddedStep.process_id == process_id)
    tx.execute(gone.values(source=ERASED))
    own = sa.select(DefinitionRow.id, DefinitionRow.source).where(
        DefinitionRow.process_id == process_id
    )
    for row in tx.execute(own).all():
        source = without_words(row.source, steps, ERASED)
        tx.execute(sa.update(DefinitionRow).where(DefinitionRow.id == row.id).values(source=source))
        trees.forget(row.id)
