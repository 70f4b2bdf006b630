"""Run by Alembic with the connection that ``portal.migrations.upgrade`` opened."""

from alembic import context

import portal.ledger.tables
import portal.models  # noqa: F401 - every table must be known
from portal.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
