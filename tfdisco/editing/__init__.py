"""What one does with a trained generator: truncate, interpolate, set factors."""
