"""The API held to its own description: what is sent is generated, what comes back must be documented."""
