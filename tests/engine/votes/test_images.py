"""Every kind of picture that a person may have, and everything that is none."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fabric_widget.engine.errors import BadReference
from fabric_widget.engine.votes.images import fitted, read_picture
from fabric_widget.engine.votes.votes import read_votes

RED = (255, 0, 0)


def test_rgb_comes_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    image = read_picture(Image.fromarray(pixels))
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("kind", [str, Path])
def test_paths(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (4, 3), RED).save(path)
    assert read_picture(kind(path)).getpixel((0, 0)) == RED


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (2, 2), (0, 0, 0, 51)), (204, 204, 204)),
        (Image.new("LA", (2, 2), (0, 0)), (255, 255, 255)),
        (Image.new("L", (2, 2), 7), (7, 7, 7)),
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
        (Image.new("RGB", (2, 2), RED).convert("P"), RED),
        (Image.new("CMYK", (2, 2), (0, 255, 255, 0)), RED),
        (Image.new("I;16", (2, 2), 65535), (255, 255, 255)),
        (Image.new("I;16", (2, 2), 32896), (128, 128, 128)),
        (Image.new("I", (2, 2), 257), (1, 1, 1)),
        (Image.new("F", (2, 2), 0.5), (128, 128, 128)),
        (Image.new("F", (2, 2), 200.0), (200, 200, 200)),
    ],
    ids=lambda x: x.mode if isinstance(x, Image.Image) else "",
)
def test_modes(image: Image.Image, expected: tuple[int, int, int]) -> None:
    flat = read_picture(image)
    assert flat.mode == "RGB"
    assert flat.getpixel((0, 0)) == expected


def test_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (2, 2), 0)
    image.putpalette([*RED, 0, 0, 255])
    image.save(tmp_path / "p.png", transparency=0)
    assert read_picture(tmp_path / "p.png").getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bit_file(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    got = np.asarray(read_picture(tmp_path / "deep.png"))[..., 0].ravel()
    assert np.abs(got.astype(int) - np.arange(256)).max() <= 1


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read_picture(tmp_path / "a.gif").getpixel((0, 0)) == RED
    with Image.open(tmp_path / "a.gif") as image:
        image.seek(2)
        assert read_picture(image).getpixel((0, 0)) == RED
        assert image.tell() == 2


def test_orientation_of_a_camera(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 2), RED)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(tmp_path / "photo.jpg", exif=exif)
    assert read_picture(tmp_path / "photo.jpg").size == (2, 4)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 3, 3), 9, np.uint8), (9, 9, 9)),
        (np.full((2, 3), 9, np.uint8), (9, 9, 9)),
        (np.full((2, 3, 1), 9, np.uint8), (9, 9, 9)),
        (np.zeros((2, 3, 4), np.uint8), (255, 255, 255)),
        (np.full((2, 3, 3), 0.5, np.float32), (128, 128, 128)),
        (np.full((2, 3, 3), 1.0, np.float64), (255, 255, 255)),
        (np.full((2, 3, 3), 0.5, np.float16), (128, 128, 128)),
        (np.full((2, 3, 3), 514, np.uint16), (2, 2, 2)),
        (np.full((3, 2, 3), 9, np.uint8).transpose(1, 2, 0), (9, 9, 9)),
        (np.full((1, 2, 3), 9, np.uint8).transpose(1, 2, 0), (9, 9, 9)),
        (np.full((1, 2, 3, 3), 9, np.uint8), (9, 9, 9)),
        (np.linspace(-1, 0, 18).reshape(2, 3, 3).round(), (0, 0, 0)),
    ],
)
def test_arrays(array: np.ndarray[Any, Any], expected: tuple[int, int, int]) -> None:
    image = read_picture(array)
    assert image.size == (3, 2)
    assert image.getpixel((0, 0)) == expected


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros((2, 2, 2), np.uint8), "shape"),
        (np.zeros((5, 8, 8), np.uint8), "shape"),
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((2, 2, 2, 3), np.uint8), r"a batch of 2: give one of them, pictures\[0\]"),
        (np.zeros((0, 4, 3), np.uint8), "empty"),
        (np.zeros((4, 0), np.uint8), "empty"),
        (np.full((2, 2, 3), 1.5), "from 0 to 1"),
        (np.full((2, 2, 3), -0.01), "not from 0 to 1, nor from -1 to 1"),
        (np.full((2, 2, 3), -1.01), "clip them"),
        (np.full((2, 2, 3), 200.0), "divide by 255"),
        (np.full((2, 2, 3), np.nan), "from 0 to 1"),
        (np.zeros((2, 2, 3), np.int64), "int64"),
        (np.zeros((2, 2, 3), bool), "bool"),
        (np.broadcast_to(np.uint8(0), (9000, 9000, 3)), "too large"),
    ],
)
def test_arrays_that_are_no_pictures(array: np.ndarray[Any, Any], why: str) -> None:
    with pytest.raises(BadReference, match=why):
        read_picture(array)


PICTURE = np.random.default_rng(3).integers(0, 256, (6, 5, 3), dtype=np.uint8)
FLOATS = torch.from_numpy(PICTURE) / 255
CHANNELS_FIRST = FLOATS.permute(2, 0, 1)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.from_numpy(PICTURE),
        torch.from_numpy(PICTURE).permute(2, 0, 1),
        FLOATS,
        CHANNELS_FIRST,
        CHANNELS_FIRST[None],
        2 * CHANNELS_FIRST - 1,
        (2 * FLOATS - 1)[None].requires_grad_(),
        CHANNELS_FIRST.double(),
        CHANNELS_FIRST.half(),
    ],
    ids=["bytes", "first", "floats", "floats first", "one", "signed", "graph", "double", "half"],
)
def test_tensors(tensor: torch.Tensor) -> None:
    """Channels first or last, from 0 or from -1 to 1, alone or in a batch of one: one picture."""
    got = np.asarray(read_picture(tensor)).astype(int)
    assert got.shape == PICTURE.shape
    assert np.abs(got - PICTURE).max() <= (1 if tensor.dtype == torch.float16 else 0)


def test_numpy_pictures_with_channels_first() -> None:
    assert np.array_equal(np.asarray(read_picture(PICTURE.transpose(2, 0, 1))), PICTURE)


@pytest.mark.parametrize(
    ("tensor", "why"),
    [
        (CHANNELS_FIRST[None].repeat(2, 1, 1, 1), r"a batch of 2: give one of them"),
        (CHANNELS_FIRST[:, :, :3], "channels first or last"),
        (torch.zeros(1, 9, 3), "channels first or last"),
        (CHANNELS_FIRST * 1.2, "which are not from 0 to 1, nor from -1 to 1: clip them"),
        (CHANNELS_FIRST * 255, "divide by 255"),
        (CHANNELS_FIRST - 0.02, "not from 0 to 1"),
        (CHANNELS_FIRST * torch.nan, "not finite numbers"),
        (torch.zeros(3, 8, 8, dtype=torch.int64), "int64"),
        (torch.zeros(2, 8, 8), "shape"),
        (torch.zeros(3), "shape"),
    ],
)
def test_tensors_that_could_mean_two_things_are_refused(tensor: torch.Tensor, why: str) -> None:
    with pytest.raises(BadReference, match=why):
        read_picture(tensor)


def encoded(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PICTURE).save(buffer, kind)
    return buffer.getvalue()


def url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    "source",
    [
        encoded(),
        bytearray(encoded()),
        memoryview(encoded()),
        io.BytesIO(encoded("BMP")),
        url(encoded()),
        url(encoded()).replace("data:", "DATA:").replace("base64", "BASE64"),
        "data:image/png," + quote(encoded()),
    ],
    ids=["bytes", "bytearray", "memoryview", "file", "url", "loud", "quoted"],
)
def test_bytes_files_and_data_urls(source: object) -> None:
    assert np.array_equal(np.asarray(read_picture(source)), PICTURE)


def test_an_open_file_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(encoded())
    with (tmp_path / "x.png").open("rb") as file:
        read_picture(file)
        assert not file.closed


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"years of work", "13 bytes hold is not a picture in any format of .*PNG"),
        (b"", "0 bytes hold is not a picture"),
        (encoded()[:60], "cannot be read as a picture|not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture in any format"),
        (io.StringIO("text"), "gives str: open the file as 'rb'"),
        ("data:image/png;base64,!!", "the data URL cannot be read"),
        ("data:image/png;base64", "the data URL is not a picture"),
        ("http://example.com/cat.png", "is on the web: download it first"),
        ("HTTPS://example.com/cat.png", "is on the web: download it first"),
    ],
)
def test_what_is_no_picture_in_hand_is_refused_in_words(source: object, why: str) -> None:
    with pytest.raises(BadReference, match=why):
        read_picture(source)


@pytest.mark.parametrize("single", [CHANNELS_FIRST, encoded(), io.BytesIO(encoded())])
def test_a_single_picture_is_not_taken_for_a_list(single: Any) -> None:
    with pytest.raises(BadReference, match=r"give a list, also for a single picture"):
        read_votes(single, [])
    assert read_votes([single], []).liked[0].id == read_votes([PICTURE], []).liked[0].id


@pytest.mark.parametrize("thing", [None, 3, object(), {"image": 1}])
def test_things_that_are_no_pictures(thing: object) -> None:
    with pytest.raises(BadReference, match="give a generated image, a PIL image, a numpy array"):
        read_picture(thing)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadReference, match=r"there is no file .*nothing.png"):
        read_picture(tmp_path / "nothing.png")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(BadReference, match="cannot be read as a picture"):
        read_picture(tmp_path)


def test_path_with_a_zero_byte() -> None:
    with pytest.raises(BadReference, match="cannot be read as a picture"):
        read_picture("a\0b")


def test_text_file(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(BadReference, match="not a picture in any format"):
        read_picture(tmp_path / "notes.png")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(BadReference, match="not a picture"):
        read_picture(tmp_path / "empty.png")


def test_cut_off_file(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadReference, match="cannot be read as a picture"):
        read_picture(path)


@pytest.mark.parametrize("side", [8_001, 11_000, 50_000])
def test_decompression_bomb(tmp_path: Path, side: int) -> None:
    """A small file that claims to be a huge picture is refused before it is unpacked."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(BadReference, match="too large"):
        read_picture(path)


def test_empty_image() -> None:
    with pytest.raises(BadReference, match=r"empty \(0 by 3 pixels\)"):
        read_picture(Image.new("RGB", (0, 3)))


sides = st.integers(1, 200)


@given(sides, sides, st.sampled_from([256, 4096]), st.sampled_from([4, 8]))
def test_fitted_keeps_aspect_ratio_and_area(
    width: int, height: int, area: int, multiple: int
) -> None:
    image = fitted(Image.new("RGB", (width, height)), area, multiple)
    assert image.width % multiple == image.height % multiple == 0
    zoom = (area / (width * height)) ** 0.5
    for got, given_side in ((image.width, width), (image.height, height)):
        assert abs(got - max(given_side * zoom, multiple)) <= multiple / 2 + 1e-9


def test_fitted_does_not_stretch() -> None:
    """A circle stays one: what does not fit is cut off."""
    x, y = np.meshgrid(np.arange(90), np.arange(60))
    disc = ((x - 44.5) ** 2 + (y - 29.5) ** 2 < 400).astype(np.uint8) * 255
    small = np.asarray(fitted(Image.fromarray(disc).convert("RGB"), 32 * 32, 16))[..., 0] > 127
    assert small.any(0).sum() == small.any(1).sum()
