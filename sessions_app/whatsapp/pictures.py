"""Makes a picture harmless: decodes it, turns it upright, and writes it anew without anything else."""

import io

from PIL import Image, ImageOps

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
PIXEL_LIMIT = 50_000_000  # 200 MB once decoded; a phone's camera makes 12 to 50 million
_QUALITY = 88
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class BadPicture(Exception):
    """It cannot be decoded, is no picture of the type it begins as, or is too large to decode."""


def cleaned(content: bytes, media_type: str) -> bytes:
    """Return the picture as the same type without EXIF (place, time, camera) or other metadata.

    Of an animation the first frame remains. Raises BadPicture.
    """
    form = FORMATS[media_type]
    try:
        with Image.open(io.BytesIO(content), formats=[form]) as picture:
            if picture.width * picture.height > PIXEL_LIMIT:
                raise BadPicture
            return _written(ImageOps.exif_transpose(picture), form)
    except (OSError, ValueError, SyntaxError, EOFError, *_BOMBS):
        raise BadPicture from None


def _written(picture: Image.Image, form: str) -> bytes:
    # Only pixels go over: whatever else the file held stays behind with the old object.
    bare = picture.convert(_mode(picture, form))
    bare.info = {}
    target = io.BytesIO()
    bare.save(target, form, quality=_QUALITY)
    return target.getvalue()


def _mode(picture: Image.Image, form: str) -> str:
    if picture.mode in {"L", "RGB"}:
        return picture.mode
    transparent = picture.has_transparency_data and form != "JPEG"
    return "RGBA" if transparent else "RGB"
