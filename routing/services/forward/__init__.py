"""From the chat to the ticket: a question is forwarded, and the citizen asked what may become of it."""
