"""Who is asking: links, sessions, tokens, what each may do, and how often."""
