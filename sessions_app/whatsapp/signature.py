"""Proves that a webhook comes from Meta, and answers Meta's question whether we are us."""

import hmac

from django.conf import settings

_PREFIX = "sha256="


def is_genuine(body: bytes, header: str | None) -> bool:
    """Whether `header` (X-Hub-Signature-256) signs exactly these bytes with one of our secrets.

    Several secrets are valid while the app secret is being changed; without any nothing is genuine.
    Source: Meta, "Create a webhook endpoint", validating payloads.
    """
    if not header or not header.startswith(_PREFIX):
        return False
    given = header.removeprefix(_PREFIX).encode()
    # No short cut after a match: the time shows neither which secret it was nor how far it fitted.
    matches = [
        hmac.compare_digest(given, hmac.digest(secret.encode(), body, "sha256").hex().encode())
        for secret in settings.WHATSAPP_APP_SECRETS
    ]
    return any(matches)


def is_our_token(token: str | None) -> bool:
    """Whether `token` is the verify token entered at Meta; never, if none is configured."""
    ours = settings.WHATSAPP_VERIFY_TOKEN
    return bool(ours and token) and hmac.compare_digest(str(token).encode(), ours.encode())
