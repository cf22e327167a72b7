"""The coefficient VAEs' training."""
