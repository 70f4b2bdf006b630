"""Every event in a plain sentence: who did what. One function per event type.

A sentence stands alone: it names the person and the step. What somebody wrote (a comment, a
reason, a note) is not part of it but its ``quote``, so that pages can set it apart. It is said in
the language that is spoken: English on the desk, the reader's own in an audit trail.
"""

from portal.readings.sentences import answers, mails, processes, steps, tasks, troubles
from portal.readings.sentences.base import Names, Sentence, person, say, tell, when

__all__ = [
    "Names", "Sentence", "answers", "mails", "person", "processes", "say", "steps", "tasks",
    "tell", "troubles", "when",
]  # fmt: skip
