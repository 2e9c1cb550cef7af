"""Photos of shoppers (R28): large ones of a phone are taken, and none takes the memory of the process that reads it."""

from io import BytesIO

import pytest
from PIL import Image

from merchants.pictures import BadPicture, _in_one_pass, photo_from


def jpeg(size: tuple[int, int], mode: str = "RGB", **how: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, 120).save(out, "JPEG", quality=20, **how)
    return out.getvalue()


def test_sixty_megapixels_of_a_phone_become_a_small_photo() -> None:
    with Image.open(BytesIO(photo_from(jpeg((10_000, 6_000), "L")))) as drawn:
        assert drawn.size == (1600, 960)


@pytest.mark.parametrize("size", [(10_000, 6_000), (30_000, 30_000)])
def test_what_would_be_held_as_a_whole_is_refused_unread(size: tuple[int, int]) -> None:
    """Progressive: 63 megapixels of it took 380 MB. 30,000 × 30,000: nobody's photo, and never unpacked."""
    head = bytearray(jpeg((100, 60), progressive=size[0] == 10_000))
    place = head.index(b"\xff\xc2" if size[0] == 10_000 else b"\xff\xc0")
    head[place + 5 : place + 9] = size[1].to_bytes(2) + size[0].to_bytes(2)
    with pytest.raises(BadPicture) as refused:
        photo_from(bytes(head))
    assert refused.value.code == "too_many_pixels"


def test_a_picture_in_one_pass_is_told_from_others() -> None:
    plain = jpeg((64, 64))
    assert _in_one_pass(plain)
    assert not _in_one_pass(jpeg((64, 64), progressive=True))
    a_scan_a_colour = bytearray(plain)
    a_scan_a_colour[plain.index(b"\xff\xda") + 4] = 1
    assert not _in_one_pass(bytes(a_scan_a_colour))
    assert not _in_one_pass(plain[:2] + b"\x00" + plain[2:])
    assert not _in_one_pass(plain[:40])
