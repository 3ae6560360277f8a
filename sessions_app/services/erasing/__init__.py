"""Erasing a session or a conversation, and proving it."""
