"""Starts, watches and ends everything that runs: Redis, web, worker, beat and, in the demo, the simulator."""
