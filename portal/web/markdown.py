"""Markdown that people wrote (instructions, runbooks) as HTML that is safe to show."""

from portal.readings.prose import to_html

__all__ = ["to_html"]
