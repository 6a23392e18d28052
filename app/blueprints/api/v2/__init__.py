"""The JSON API, version 2: resources, problems, cursors, rehearsals (docs/api.md)."""
