"""What WhatsApp tells: stored once, for the right person, and what follows from it."""
