"""Processes of every shape, lived through in every way, held to the rules after each move."""
