"""A definition lived through before anybody is asked, in a house that is thrown away."""
