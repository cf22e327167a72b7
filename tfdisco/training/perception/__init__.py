"""The perception networks' training."""
