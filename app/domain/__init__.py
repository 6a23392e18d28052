"""Rules: what can be decided with pencil and paper. Standard library only, no clock, no I/O."""
