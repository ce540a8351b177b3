"""Static files laid out for a web server: each under the hash that stands in its address."""

import gzip
import re
from pathlib import Path

from quart_app import assets


def test_each_address_leads_to_its_file(tmp_path: Path) -> None:
    count = assets.export(tmp_path)
    known = assets.Assets(changing=False)
    paths = [
        *assets.BUNDLES,
        *(str(p.relative_to(assets.STATIC)) for p in assets.STATIC.rglob("*") if p.is_file()),
    ]
    assert count == len(paths)
    for path in paths:
        address = re.fullmatch(r"(/static/[^?]+)\?v=([0-9a-f]{12})", known.address(path))
        assert address
        file = tmp_path / address[2] / address[1].lstrip("/")
        wanted = known.bundle(path) if path in assets.BUNDLES else (assets.STATIC / path).read_bytes()
        assert file.read_bytes() == wanted


def test_texts_lie_there_compressed_as_well(tmp_path: Path) -> None:
    assets.export(tmp_path)
    for name in ("all.css", "all.js", "icons.svg"):
        [file] = tmp_path.rglob(name)
        packed = file.with_name(f"{name}.gz").read_bytes()
        assert gzip.decompress(packed) == file.read_bytes()
        assert len(packed) < file.stat().st_size
    assert not list(tmp_path.rglob("*.png.gz"))


def test_laying_out_twice_gives_the_same(tmp_path: Path) -> None:
    """An image that is built again from the same files is the same."""
    for folder in ("one", "two"):
        assets.export(tmp_path / folder)
    one, two = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in tmp_path.iterdir()
    )
    assert one == two


def test_a_version_is_current_if_it_is_the_hash_of_what_is_there() -> None:
    known = assets.Assets(changing=False)
    version = known.address("all.css").partition("?v=")[2]
    assert known.is_current("all.css", version)
    assert not known.is_current("all.js", version)
    assert not known.is_current("all.css", "")
