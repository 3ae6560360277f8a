"""Bytes as lower-case words that survive mail servers, people and paper (Crockford's base 32)."""

from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_READ_AS: Final = str.maketrans("ilo", "110")
_BITS: Final = 5

LETTERS: Final = "0-9a-z"  # for use in a pattern: what `decode` is willing to look at


def encode(data: bytes) -> str:
    """Return `data` in letters and digits without i, l, o and u."""
    length = -(-len(data) * 8 // _BITS)
    number = int.from_bytes(data) << (length * _BITS - len(data) * 8)
    places = range((length - 1) * _BITS, -1, -_BITS)
    return "".join(_ALPHABET[number >> place & 31] for place in places)


def decode(word: str) -> bytes:
    """Read it back in any case, with l or i for 1 and o for 0; raises ValueError."""
    number = 0
    for letter in word.lower().translate(_READ_AS):
        number = number << _BITS | _ALPHABET.index(letter)
    length, rest = divmod(len(word) * _BITS, 8)
    if number & (1 << rest) - 1:
        raise ValueError("left-over bits")
    return (number >> rest).to_bytes(length)
