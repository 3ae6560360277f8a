"""The JSON API for tests and for the phone pages; see docs/simulator.md."""
