"""A trained generator for programs without tfdisco."""
