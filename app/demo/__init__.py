"""Everything on one machine for development: servers, simulators, demo data."""
