"""The night shift: worker jobs, each one look, one call into the house, one note of the result."""
