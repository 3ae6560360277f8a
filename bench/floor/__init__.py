"""The floor: the least that a Django server can do for the same request, on the same uvicorn."""
