"""E-mail in: the mailbox, where a mail belongs, and what waits for a person."""
