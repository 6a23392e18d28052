"""TARA and eeID: login with a national identity over OpenID Connect."""
