"""What workers do: ids in, one service called, safe to run twice."""

from routing.tasks import dialogue, inbox, mail, tickets

__all__ = ["dialogue", "inbox", "mail", "tickets"]
