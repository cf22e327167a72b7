"""The generator's training."""
