"""How well perception networks see."""
