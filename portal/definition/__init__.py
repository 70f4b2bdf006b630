"""The language: what a definition says should happen. Pure: no database, no Flask.

`load` reads a document and names every fault at its line, `tree` is what it becomes,
`fields` reads and shows answers, `facts` and `expressions` compute with them, `text` fills
`{{ }}`, `durations` plans reminders.
"""
