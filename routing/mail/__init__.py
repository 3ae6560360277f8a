"""E-mail as bytes and addresses; knows nothing of our rows."""
