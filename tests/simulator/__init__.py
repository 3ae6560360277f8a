"""Tests of the simulator, and what other tests need to drive it."""
