"""Trainers (one step each) and the runs around them."""
