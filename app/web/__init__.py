"""What only doors need: guards, renderings, headers, filters."""
