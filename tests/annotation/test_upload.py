"""Uploads of untrusted files, folders and zip archives."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from annotation import upload as upload_module
from annotation.upload import upload


@pytest.fixture
def pack(tmp_path):
    """Makes a zip archive of (name or ZipInfo, bytes)."""

    def make(*members, name="photos.zip", how=zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", how) as archive:
            for member, data in members:
                archive.writestr(member, data)
        return path

    return make


def test_no_files(store):
    report = upload(store, store.ensure_project("p"), [])
    assert (report.added, report.existing, report.refused) == ([], [], [])


def test_files_folder_and_zip(store, tmp_path, picture, pack):
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/a.jpg").write_bytes(picture(1))
    (tmp_path / "in/deep/b.png").write_bytes(picture(2, form="PNG"))
    (tmp_path / "in/notes.txt").write_text("hello")
    (tmp_path / "in/.hidden.jpg").write_bytes(picture(3))
    (tmp_path / "c.jpg").write_bytes(picture(4))
    archive = pack(
        ("x/d.jpg", picture(5)), ("x/", b""), ("again.jpg", picture(1)), ("__MACOSX/x/._d.jpg", b"x")
    )
    seen = []
    paths = [tmp_path / "c.jpg", tmp_path / "in", archive, tmp_path / "missing.jpg"]
    report = upload(store, store.ensure_project("p"), paths, lambda *step: seen.append(step))
    assert [image.name for image in report.added] == ["c.jpg", "a.jpg", "b.png", "d.jpg"]
    assert [image.name for image in report.existing] == ["a.jpg"]
    assert {name for name, _ in report.refused} == {
        "notes.txt",
        ".hidden.jpg",
        "__MACOSX/x/._d.jpg",
        "missing.jpg",
    }
    assert all(reason.endswith(".") for _, reason in report.refused)
    assert seen[0] == (0, 9, "c.jpg")
    assert seen[-1] == (9, 9, "")
    assert len(store.image_list(store.ensure_project("p"))) == 4


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "a/../../evil.jpg", "/evil.jpg", "C:\\evil.jpg", "..\\evil.jpg"]
)
def test_names_outside_the_archive_are_refused(store, tmp_path, picture, pack, name):
    before = {path for path in tmp_path.rglob("evil*")}
    report = upload(store, store.ensure_project("p"), [pack((name, picture(1)), ("good.jpg", picture(2)))])
    assert [image.name for image in report.added] == ["good.jpg"]
    ((refused, reason),) = report.refused
    assert "points outside" in reason
    assert refused.endswith("evil.jpg")
    assert {path for path in tmp_path.rglob("evil*")} == before


def test_zip_bombs_are_refused(store, picture, pack):
    archive = pack(
        ("bomb.png", bytes(15 * 2**20)), ("giant.png", bytes(21 * 2**20)), ("good.jpg", picture(2))
    )
    report = upload(store, store.ensure_project("p"), [archive])
    assert [image.name for image in report.added] == ["good.jpg"]
    reasons = dict(report.refused)
    assert "bomb" in reasons["bomb.png"]
    assert "larger than" in reasons["giant.png"]


def test_a_zip_bomb_with_a_false_size_is_refused(store, tmp_path, pack):
    path = pack(("bomb.png", bytes(19 * 2**20)))
    data = path.read_bytes().replace((19 * 2**20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(data)
    report = upload(store, store.ensure_project("p"), [path])
    assert [name for name, _ in report.refused] == ["bomb.png"]
    assert report.added == []


def test_other_entries_of_a_zip_archive_are_refused(store, picture, pack):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.jpg", picture(1))
    report = upload(
        store,
        store.ensure_project("p"),
        [pack((link, "/etc/passwd"), ("inner.zip", inner.getvalue()), ("a.svg", "<svg/>"), ("e.jpg", b""))],
    )
    reasons = dict(report.refused)
    assert set(reasons) == {"link.jpg", "inner.zip", "a.svg", "e.jpg"}
    assert "link" in reasons["link.jpg"]
    assert "archive" in reasons["inner.zip"]
    assert "SVG" in reasons["a.svg"]
    assert "empty" in reasons["e.jpg"]


def test_damaged_entries_and_archives_are_refused(store, tmp_path, picture, pack):
    path = pack(("bad.jpg", picture(1)), ("good.jpg", picture(2)), how=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(bytes(data))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(bytes(data[: len(data) // 2]))
    report = upload(store, store.ensure_project("p"), [path, broken])
    assert [image.name for image in report.added] == ["good.jpg"]
    assert {name for name, _ in report.refused} == {"bad.jpg", "broken.zip"}


def test_encrypted_entries_are_refused(store, picture, pack):
    path = pack(("a.jpg", picture(1)))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    report = upload(store, store.ensure_project("p"), [path])
    assert "encrypted" in dict(report.refused)["a.jpg"]


def test_limits_of_count_and_size(store, tmp_path, picture, pack, monkeypatch):
    monkeypatch.setattr(upload_module, "MAX_FILES", 2)
    archive = pack(*((f"{i}.jpg", picture(i)) for i in range(3)))
    report = upload(store, store.ensure_project("p"), [archive])
    assert report.added == []
    assert "3 files" in dict(report.refused)["photos.zip"]
    (tmp_path / "in").mkdir()
    for i in range(3):
        (tmp_path / f"in/{i}.jpg").write_bytes(picture(i))
    report = upload(store, store.ensure_project("p"), [tmp_path / "in"])
    assert (len(report.added), [name for name, _ in report.refused]) == (2, ["2.jpg"])
    monkeypatch.setattr(upload_module, "MAX_FILES", 100)
    monkeypatch.setattr(upload_module, "MAX_TOTAL", 100)
    report = upload(store, store.ensure_project("q"), [archive])
    assert (len(report.added), len(report.refused)) == (1, 2)


def test_links_in_a_folder_are_refused(store, tmp_path, picture):
    (tmp_path / "secret.jpg").write_bytes(picture(1))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link.jpg").symlink_to(tmp_path / "secret.jpg")
    report = upload(store, store.ensure_project("p"), [tmp_path / "in"])
    assert (report.added, [name for name, _ in report.refused]) == ([], ["link.jpg"])


def scan(kind: str, *shades: int) -> bytes:
    pages = [Image.new("L", (80, 60), shade) for shade in shades]
    buffer = io.BytesIO()
    pages[0].save(buffer, kind, save_all=True, append_images=pages[1:])
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["TIFF", "PDF", "GIF"])
def test_pages_become_images_of_their_own(store, tmp_path, pack, kind):
    project = store.ensure_project("p")
    data = scan(kind, 10, 90, 200)
    (tmp_path / f"scan.{kind}").write_bytes(data)
    names = [f"scan-page-{number}.{kind}" for number in (1, 2, 3)]
    report = upload(store, project, [tmp_path / f"scan.{kind}"])
    assert [image.name for image in report.added] == names
    assert report.notes == [(f"scan.{kind}", f"3 pages became images of their own, from {names[0]} on.")]
    for image, shade in zip(report.added, (10, 90, 200), strict=True):
        with Image.open(store.image_path(image)) as stored:
            assert abs(stored.convert("L").getpixel((40, 30)) - shade) <= 6
    again = upload(store, project, [pack((f"deep/scan.{kind}", data))])
    assert (again.added, [image.name for image in again.existing], again.refused) == ([], names, [])


def test_a_pdf_of_one_page(store, tmp_path):
    (tmp_path / "letter.pdf").write_bytes(scan("PDF", 255))
    report = upload(store, store.ensure_project("p"), [tmp_path / "letter.pdf"])
    assert [image.name for image in report.added] == ["letter.pdf"]
    assert report.notes == []


def test_a_damaged_page_does_not_refuse_the_others(store, tmp_path):
    pages = [Image.effect_noise((64, 64), 90) for _ in range(3)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "scan.tif").write_bytes((tmp_path / "scan.tif").read_bytes()[:-1000])
    report = upload(store, store.ensure_project("p"), [tmp_path / "scan.tif"])
    assert [image.name for image in report.added] == ["scan-page-1.tif", "scan-page-2.tif"]
    ((name, reason),) = report.refused
    assert (name, "damaged" in reason) == ("scan-page-3.tif", True)


def test_limits_of_pages(store, tmp_path, monkeypatch):
    (tmp_path / "scan.tif").write_bytes(scan("TIFF", 1, 2, 3))
    monkeypatch.setattr(upload_module, "MAX_PAGES", 2)
    report = upload(store, store.ensure_project("p"), [tmp_path / "scan.tif"])
    assert len(report.added) == 2
    assert report.refused == [("scan.tif", "Only its first 2 pages were added; split the file.")]
    monkeypatch.setattr(upload_module, "PAGES_SECONDS", -1)
    report = upload(store, store.ensure_project("q"), [tmp_path / "scan.tif"])
    assert (report.added, [name for name, _ in report.refused]) == ([], ["scan-page-1.tif", "scan.tif"])


def test_a_zip_archive_of_a_chinese_windows(store, tmp_path, picture, pack):
    path = pack(("____.jpg", picture(1)))
    path.write_bytes(path.read_bytes().replace(b"____.jpg", "店面.jpg".encode("gbk")))
    report = upload(store, store.ensure_project("p"), [path])
    assert [image.name for image in report.added] == ["店面.jpg"]


def test_the_same_name_in_two_folders(store, tmp_path, picture, pack):
    members = [("a/1.jpg", picture(1)), ("b/1.jpg", picture(2)), ("b/2.jpg", picture(3))]
    report = upload(store, store.ensure_project("p"), [pack(*members)])
    assert [image.name for image in report.added] == ["a_1.jpg", "b_1.jpg", "2.jpg"]


def test_a_hidden_file_among_chosen_ones_is_refused_by_name(store, picture, tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"Bud1")
    (tmp_path / "a.jpg").write_bytes(picture(1))
    report = upload(store, store.ensure_project("p"), [tmp_path / ".DS_Store", tmp_path / "a.jpg"])
    assert [image.name for image in report.added] == ["a.jpg"]
    assert report.refused == [(".DS_Store", "This is a hidden file of the operating system, not an image.")]
