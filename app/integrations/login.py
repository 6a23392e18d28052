"""How people sign in: the registry's entry for the login service, which only the web process loads."""

from __future__ import annotations

from app.integrations.tara.login import register as register_tara
from app.integrations.tara.oidc import LoginCancelled, LoginRefused, OldLogin, WeakLogin, check_claims

__all__ = ["LoginCancelled", "LoginRefused", "OldLogin", "WeakLogin", "check_claims", "register_tara"]
