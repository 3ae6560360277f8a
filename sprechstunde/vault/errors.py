"""What can go wrong in the vault; no message holds a key, a value or an address with a password."""


class VaultError(Exception):
    """Any refusal of the vault."""


class KeyUnavailable(VaultError):
    """The key is destroyed or never was: what it sealed can no longer be read by anyone."""


class KeyExists(VaultError):
    """A key of this id is already there; it is never overwritten."""


class KeystoreUnavailable(VaultError):
    """The keystore can't be used now; the keys may well be intact, so try again later."""


class Tampered(VaultError):
    """The sealed value was changed, cut, or belongs to another row, field or key."""
