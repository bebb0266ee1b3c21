import gzip
import io
import os
import shlex
import tarfile

import pytest

from ascendc.bundle import pack
from ascendc.errors import GateError, UsageError


def archive_of(path, *members):
    """A gzipped tar of (name, content or TarInfo)."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            if isinstance(content, bytes):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                content.name = name
                tar.addfile(content)
    return path


def special(kind, link=""):
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, link
    return info


def test_equal_bundles_give_equal_bytes_wherever_they_lie(tiny_bundle, tmp_path):
    folder = tiny_bundle()
    first = pack.pack(folder, tmp_path / "one.tar.gz")
    moved = tmp_path / "x" / "renamed"
    moved.parent.mkdir()
    folder.rename(moved)
    for path in moved.rglob("*"):
        os.utime(path, (1, 1))
        if path.is_file():
            path.chmod(path.stat().st_mode | 0o022)
    second = pack.pack(moved, tmp_path / "other-name.tgz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "other-name.tgz").read_bytes()
    assert first.sha256 == second.sha256
    assert first.size == first.path.stat().st_size


def test_the_archive_says_nothing_of_time_place_or_person(tiny_bundle, tmp_path):
    packed = pack.pack(tiny_bundle(), tmp_path / "one.tar.gz")
    with tarfile.open(packed.path) as tar:
        members = tar.getmembers()
    assert [m.name for m in members] == sorted(m.name for m in members)
    assert {m.name.split("/")[0] for m in members} == {"tiny"}
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}
    assert {m.name for m in members if m.mode == 0o755} == {"tiny/deploy.sh", "tiny/compile.sh"}
    assert {m.mode for m in members} == {0o755, 0o644}
    assert len(members) == packed.files
    head = packed.path.read_bytes()[:10]
    assert head[3:8] == bytes(5)  # gzip: no flags, no file name, no time


def test_an_archive_unpacks_to_the_same_bundle(tiny_bundle, tmp_path):
    folder = tiny_bundle()
    packed = pack.pack(folder, tmp_path / "one.tar.gz")
    there = pack.unpack(packed.path, tmp_path / "there")
    assert there == tmp_path / "there/tiny"
    assert pack.pack(there, tmp_path / "again.tar.gz").sha256 == packed.sha256
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["tiny"]
    assert os.access(there / "deploy.sh", os.X_OK)


def test_python_extracts_it_under_the_data_filter(tiny_bundle, tmp_path):
    packed = pack.pack(tiny_bundle(), tmp_path / "one.tar.gz")
    with tarfile.open(packed.path) as tar:
        tar.extractall(tmp_path / "there", filter="data")
    assert pack.verify(tmp_path / "there/tiny").name == "tiny"


def test_an_om_that_compile_sh_added_is_packed(tiny_bundle, tmp_path):
    folder = tiny_bundle()
    (folder / "models/card").mkdir()
    (folder / "models/card/main.om").write_bytes(b"om")
    packed = pack.pack(folder, tmp_path / "one.tar.gz")
    with tarfile.open(packed.path) as tar:
        assert "tiny/models/card/main.om" in tar.getnames()


def test_python_caches_are_not_packed(tiny_bundle, tmp_path):
    folder = tiny_bundle()
    clean = pack.pack(folder, tmp_path / "one.tar.gz")
    (folder / "python/__pycache__").mkdir()
    (folder / "python/__pycache__/x.pyc").write_bytes(b"")
    assert pack.pack(folder, tmp_path / "two.tar.gz").sha256 == clean.sha256


def spoil(folder, how):
    if how == "edited":
        path = folder / "README.md"
        path.write_text(path.read_text().replace("tiny", "tinY", 1))
        return "README.md: changed"
    if how == "truncated":
        path = folder / "models/main.onnx"
        path.write_bytes(path.read_bytes()[:-1])
        return "models/main.onnx: changed"
    if how == "missing":
        (folder / "deploy.sh").unlink()
        return "deploy.sh: missing"
    if how == "stranger":
        (folder / "id_rsa").write_text("secret")
        return "id_rsa: not made by this build"
    if how == "linked file":
        (folder / "README.md").rename(folder.parent / "README.md")
        (folder / "README.md").symlink_to(folder.parent / "README.md")
        return "README.md: a link or a device, where a bundle holds plain files only"
    if how == "linked folder":
        (folder / "more").symlink_to("/etc")
        return "more: a link or a device, where a bundle holds plain files only"
    os.mkfifo(folder / "models/card.om")
    return "models/card.om: a link or a device, where a bundle holds plain files only"


@pytest.mark.parametrize("how", ["edited", "truncated", "missing", "stranger", "linked file", "linked folder", "fifo"])
def test_a_spoilt_bundle_is_not_packed(tiny_bundle, tmp_path, how):
    folder = tiny_bundle()
    line = spoil(folder, how)
    with pytest.raises(GateError) as caught:
        pack.pack(folder, tmp_path / "one.tar.gz")
    assert caught.value.id == "ASC1815"
    assert caught.value.message == f"`{folder}` is not what manifest.json says:\n    {line}"
    extra = how in ("stranger", "linked folder", "fifo")
    assert caught.value.hint == ("move elsewhere what this build did not make" if extra else "ascendc build RECIPE")
    assert not list(tmp_path.glob("*.tar.gz*"))


def test_all_that_is_wrong_is_said_at_once(tiny_bundle):
    folder = tiny_bundle()
    wrong = [spoil(folder, how) for how in ("missing", "edited", "truncated", "linked folder", "fifo", "stranger")]
    (folder / "golden/main/x/000.bin").unlink()
    with pytest.raises(GateError) as caught:
        pack.verify(folder)
    assert caught.value.message.splitlines() == [
        f"`{folder}` is not what manifest.json says:",
        "    deploy.sh: missing",
        "    golden/main/x/000.bin: missing",
        *(f"    {line}" for line in (wrong[1], wrong[2], wrong[4], wrong[3], wrong[5])),
    ]
    assert caught.value.hint == "ascendc build RECIPE"


@pytest.mark.parametrize(("name", "other"), [("z.zip", "z.tar.gz"), ("tiny", "tiny.tar.gz"), ("a b.tar", "a b.tar.gz")])
def test_an_archive_is_called_what_it_is(tiny_bundle, tmp_path, name, other):
    folder = tiny_bundle()
    with pytest.raises(UsageError) as caught:
        pack.pack(folder, tmp_path / name)
    assert caught.value.id == "ASC1816"
    assert caught.value.message == f"the archive `{tmp_path / name}` must end in .tar.gz or .tgz: it is a gzipped tar"
    assert caught.value.hint == f"ascendc bundle pack '{folder}' -o {shlex.quote(str(tmp_path / other))}"
    assert not (tmp_path / name).exists()


def test_the_archive_does_not_go_into_the_bundle(tiny_bundle):
    folder = tiny_bundle()
    with pytest.raises(UsageError, match="must not lie inside the bundle") as caught:
        pack.pack(folder, folder / "x.tar.gz")
    assert caught.value.id == "ASC1810"


EVIL = {
    "up": [("../evil", b"x")],
    "absolute": [("tiny/a", b""), ("/tmp/../../evil", b"x")],
    "link": [("tiny/a", special(tarfile.SYMTYPE, "/etc/passwd"))],
    "hard link": [("tiny/a", special(tarfile.LNKTYPE, "/etc/passwd"))],
    "device": [("tiny/a", special(tarfile.CHRTYPE))],
    "fifo": [("tiny/a", special(tarfile.FIFOTYPE))],
    "two folders": [("tiny/a", b""), ("other/a", b"")],
    "nothing": [],
}


@pytest.mark.parametrize("how", EVIL)
def test_an_evil_archive_is_refused(tmp_path, how):
    archive = archive_of(tmp_path / "evil.tar.gz", *EVIL[how])
    with pytest.raises(GateError) as caught:
        pack.unpack(archive, tmp_path / "a/b/there")
    assert caught.value.id == "ASC1814"
    assert not list((tmp_path / "a").rglob("evil"))
    assert list((tmp_path / "a/b/there").iterdir()) == []


def test_an_archive_with_a_spoilt_file_is_refused(tiny_bundle, tmp_path):
    packed = pack.pack(tiny_bundle(), tmp_path / "one.tar.gz")
    content = bytearray(gzip.decompress(packed.path.read_bytes()))
    place = content.find(b"# Checks this bundle")
    content[place + 2 : place + 8] = b"Spoils"
    packed.path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(GateError) as caught:
        pack.unpack(packed.path, tmp_path / "there")
    assert caught.value.message == f"`{packed.path}` is not what manifest.json says:\n    deploy.sh: changed"
    assert list((tmp_path / "there").iterdir()) == []


def test_a_truncated_archive_is_refused(tiny_bundle, tmp_path):
    packed = pack.pack(tiny_bundle(), tmp_path / "one.tar.gz")
    packed.path.write_bytes(packed.path.read_bytes()[:-2000])
    with pytest.raises(UsageError, match="cannot be read as a packed bundle: ") as caught:
        pack.unpack(packed.path, tmp_path / "there")
    assert caught.value.id == "ASC1812"


def test_an_archive_without_a_manifest_is_no_bundle(tmp_path):
    archive = archive_of(tmp_path / "x.tgz", ("tiny/a", b"x"), ("tiny/manifest.json", special(tarfile.SYMTYPE, "a")))
    with pytest.raises(GateError) as caught:
        pack.read_manifest(archive)
    assert (caught.value.id, caught.value.message) == (
        "ASC1814",
        f"`{archive}` is no packed bundle: it holds no manifest.json",
    )


def test_an_archive_that_is_none_has_no_manifest(tmp_path):
    path = tmp_path / "x.tar.gz"
    path.write_text("x")
    with pytest.raises(UsageError) as caught:
        pack.read_manifest(path)
    assert (caught.value.id, caught.value.message) == (
        "ASC1812",
        f"`{path}` cannot be read as a packed bundle: not a gzip file",
    )


def test_a_damaged_archive_is_refused(tiny_bundle, tmp_path):
    packed = pack.pack(tiny_bundle(), tmp_path / "one.tar.gz")
    content = bytearray(packed.path.read_bytes())
    content[10:40] = b"\xff" * 30
    packed.path.write_bytes(bytes(content))
    for read in (pack.read_manifest, lambda path: pack.unpack(path, tmp_path / "there")):
        with pytest.raises(UsageError, match="cannot be read as a packed bundle: ") as caught:
            read(packed.path)
        assert caught.value.id == "ASC1812"


def test_nothing_is_unpacked_over_what_is_there(tiny_bundle, tmp_path):
    packed = pack.pack(tiny_bundle(), tmp_path / "one.tar.gz")
    (tmp_path / "there/tiny").mkdir(parents=True)
    with pytest.raises(UsageError, match="there/tiny` is already there") as caught:
        pack.unpack(packed.path, tmp_path / "there")
    assert caught.value.id == "ASC1813"
