"""Erasing tickets when their time has come, and proving it."""
