"""Photographs to w+ (Sec. 5.2): start, optimisation, tuning, encoder, files."""
