"""Calls to servers on this machine.

httpx reads all authorities of the world for each call that is not made by a client, which takes longer than the call.
"""

from __future__ import annotations

import ssl

import httpx

# Nobody is trusted, as nothing here speaks TLS; no connection is kept, as tests kill who is at its other end.
LOOPBACK = httpx.Client(
    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    trust_env=False,
    limits=httpx.Limits(max_keepalive_connections=0),
    timeout=20,
)
