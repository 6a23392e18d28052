"""The services' own webhook endpoints: our messages go out, nothing comes in."""
