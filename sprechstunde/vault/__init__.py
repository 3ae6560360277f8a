"""Keeps what citizens send: keys outside the database, sealed values, fields and files."""
