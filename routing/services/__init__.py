"""The verbs: whatever writes more than one row, publishes or enqueues."""
