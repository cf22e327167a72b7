"""What perception networks are trained for."""
