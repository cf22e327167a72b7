"""What trained networks are measured by."""
