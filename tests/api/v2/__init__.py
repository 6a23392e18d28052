"""Version 2 of the API, at its door."""
