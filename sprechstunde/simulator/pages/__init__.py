"""The citizens' phones in the browser."""
