"""A Django application that holds the flow, for viewflow looks it up by its application."""
