"""How good generated faces are as pictures: distributions of features, and smoothness."""
