"""The headers of every answer: pages, fragments, files, API and faults alike (security.md 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask, Response

    from app.config import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
NOT_USED = [
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
]
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in NOT_USED),
    "Server": "",  # a server that finds none puts its own name there
}
HSTS = "max-age=63072000; includeSubDomains"


def install(app: Flask) -> None:
    """Set the headers on every answer; HSTS only where there is TLS, which `billing up` has not."""
    settings: Settings = app.extensions["settings"]
    fixed = HEADERS if settings.development else HEADERS | {"Strict-Transport-Security": HSTS}

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update(fixed)
        # Whatever did not say otherwise may hold personal data (T60).
        response.headers.setdefault("Cache-Control", "no-store")
        return response
