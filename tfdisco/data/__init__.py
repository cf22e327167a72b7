"""Faces to learn from: rendered ones, and photographs."""
