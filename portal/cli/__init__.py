"""The doors in a terminal: one file a command, each a thin shell over actions and readings."""
