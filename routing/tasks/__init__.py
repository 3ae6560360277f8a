"""What workers do: ids in, one service called, safe to run twice."""
