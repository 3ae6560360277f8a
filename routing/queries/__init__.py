"""What pages show; no page hits the database outside these modules."""
