"""Files as citizens send them: a photo that tells where it was taken, documents, and worse."""

import io
import zipfile

from PIL import Image

PLACE = b"48.5822N 8.0812E"


def photo(width: int = 64, height: int = 32, orientation: int = 1) -> bytes:
    """A JPEG with place, camera and orientation in its EXIF; its left half is red."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "CANARY-CAMERA"
    exif.get_ifd(0x8825)[29] = PLACE.decode()
    return _saved(picture, "JPEG", exif=exif, comment=b"CANARY-COMMENT", quality=95)


def png() -> bytes:
    """A transparent PNG with a text chunk."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "CANARY-AUTHOR")
    return _saved(Image.new("RGBA", (8, 8), (255, 0, 0, 64)), "PNG", pnginfo=info)


def sticker() -> bytes:
    """An animated WebP."""
    frames = [Image.new("RGBA", (16, 16), colour) for colour in ("red", "blue")]
    return _saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])


def zipped(**members: str) -> bytes:
    """A ZIP archive; `__` in a name stands for a slash, a last `_` for a dot before the ending."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def docx(**further: str) -> bytes:
    """A Word document of the least parts that make one."""
    return zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<x/>"}, **further)


def odt(**further: str) -> bytes:
    """A text document of LibreOffice."""
    kind = "application/vnd.oasis.opendocument.text"
    return zipped(**{"mimetype": kind, "content.xml": "<x/>"}, **further)


def doc(*streams: str) -> bytes:
    """What begins as an old Office file and names these streams."""
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    return magic + b"\0" * 500 + b"".join(name.encode("utf-16-le") + b"\0\0" for name in streams)


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()
