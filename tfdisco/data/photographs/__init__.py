"""Photographs to aligned faces with estimated coefficients."""
