"""Losses: tensors in, named terms out."""
