"""Clock and queue: an id comes in, one verb runs."""
