"""Staff's login sessions in the database; a made-up cookie never reaches it."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's own store, which would ask the database for any text: PostgreSQL refuses a zero byte."""

    def _validate_session_key(self, key: str) -> bool:
        return bool(key) and len(key) >= 8 and key.isascii() and key.isalnum()
