"""The hands: settings in, bytes out. They know nothing of processes.

``mail`` sends, ``catcher`` and ``inbox`` are the mail server of a trial, ``storage`` keeps
files, ``filetypes`` says what a file really is, ``pdf`` sets pages, ``seal`` signs.
"""
