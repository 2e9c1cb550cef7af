"""Pictures that people upload: read with caps, drawn anew, so that nothing of the file itself is ever served.

Pillow is loaded by the first upload: most web processes never need its megabytes.
"""

import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Final

from django.http import HttpResponse

LARGEST_FILE: Final = 1_000_000
LARGEST_PHOTO: Final = 12_000_000
_MOST_PIXELS: Final = 12_000_000
_MOST_PIXELS_OF_A_PHOTO: Final = 64_000_000
# A JPEG that is not read in one pass is held as a whole: six bytes a pixel, whatever size it is wanted in.
_MOST_PIXELS_HELD: Final = 24_000_000
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
# Twice as large as a logo is shown: sharp on every screen, and small enough for a mail.
_PHOTO_BOX: Final = (1600, 1600)
_LOGO_BOX: Final = (640, 240)


class BadPicture(ValueError):
    """Why a file is not taken. `code`: too_large, svg, unknown, too_many_pixels, broken, or too_many of them."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def photo_from(data: bytes) -> bytes:
    """A photo as a JPEG of at most 1600 pixels a side, upright. Raises BadPicture.

    As a logo's: what the file carries beside its pixels (where it was taken, with what) is left behind.
    """
    return _redrawn(data, _photo_anew, LARGEST_PHOTO)


def logo_from(data: bytes) -> bytes:
    """An uploaded logo as a PNG of at most 640 × 240 pixels, transparency kept. Raises BadPicture.

    SVG is refused: it can carry scripts and load what it likes. What a PNG, JPEG or WebP carries beside its pixels
    (places, cameras, appended programs) is left behind.
    """
    return _redrawn(data, _drawn_anew, LARGEST_FILE)


def _redrawn(data: bytes, draw: Callable[[bytes], bytes], largest: int) -> bytes:
    if len(data) > largest:
        raise BadPicture("too_large")
    if _looks_like_svg(data):
        raise BadPicture("svg")
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return draw(data)
        except BadPicture:
            raise
        except UnidentifiedImageError:
            raise BadPicture("unknown") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise BadPicture("too_many_pixels") from None
        except Exception:  # noqa: BLE001  # a decoder that stumbles over a stranger's file: whatever it raises
            raise BadPicture("broken") from None


def _drawn_anew(data: bytes) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        # The head says how large it is; nothing is unpacked before that is known.
        if picture.width * picture.height > _MOST_PIXELS:
            raise BadPicture("too_many_pixels")
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail(_LOGO_BOX, Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    out = BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()


def _photo_anew(data: bytes) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(BytesIO(data), formats=_FORMATS) as picture:
        most = _MOST_PIXELS
        if picture.format == "JPEG":
            # It is unpacked at an eighth to a half of its size: a phone's 50 megapixels cost what 3 do.
            most = _MOST_PIXELS_OF_A_PHOTO if _in_one_pass(data) else _MOST_PIXELS_HELD
        if picture.width * picture.height > most:
            raise BadPicture("too_many_pixels")
        picture.draft("RGB", _PHOTO_BOX)
        picture.thumbnail(_PHOTO_BOX, Image.Resampling.LANCZOS, reducing_gap=2.0)
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright)
    out = BytesIO()
    clean.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _in_one_pass(data: bytes) -> bool:
    """Whether a JPEG's pixels come row by row: neither progressive nor with a scan for each colour (ITU-T T.81, B.2).

    False also where its head is not as everybody writes it.
    """
    place, colours, is_progressive = 2, 0, True
    while place + 10 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        if marker == 0xDA:  # the first scan
            return not is_progressive and data[place + 4] == colours
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # the frame
            is_progressive, colours = marker not in (0xC0, 0xC1), data[place + 9]
        place += 2 + length
    return False


def _looks_like_svg(data: bytes) -> bool:
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<?xml", b"<svg", b"<!doctype svg", b"<!--")) or b"<svg" in head


def photo_response(image: bytes) -> HttpResponse:
    """A JPEG that we drew, for whoever may see it: shown, never kept by others, never run."""
    headers = {
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
        "Content-Disposition": 'inline; filename="photo.jpg"',
        "Content-Security-Policy": "default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return HttpResponse(image, content_type="image/jpeg", headers=headers)
