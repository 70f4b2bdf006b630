"""What the ledger and the rows tell: read-only, in data and in plain sentences."""
