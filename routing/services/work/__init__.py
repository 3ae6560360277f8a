"""The work on a ticket, until its answer is final."""
