"""Offices, their consultation sessions, and the conversations held in them."""
