"""How well photographs are edited."""
