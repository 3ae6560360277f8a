"""The one place that knows Meta's shapes: payload in, plain typed events out; calls to the Graph API."""
