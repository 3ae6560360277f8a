"""The live channel: names of events over Redis, a stream per browser, who is typing. Never content."""
