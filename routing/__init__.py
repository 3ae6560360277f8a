"""Departments, the questions handed to them, their answers, and the e-mail in between."""
