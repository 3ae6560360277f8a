"""E-mail out: the outbox, the letters, and what became of them."""
