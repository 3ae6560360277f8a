"""Forms: what people type, checked before a service is called."""
