import pytest

from ascendc.bundle.collect import Collector
from ascendc.errors import StageError


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a//b", "a b", ".hidden", "a/", "标签.txt", ""])
def test_an_unsafe_path_is_refused(workspace, path):
    with pytest.raises(StageError) as caught:
        Collector(workspace).text(path, "x")
    assert caught.value.id == "ASC1821"
    assert caught.value.message == (
        f"`{path}` cannot be in a bundle: a path must be a relative path inside the bundle, "
        "of letters, digits and `._+-/`"
    )


def test_a_path_is_given_once(workspace):
    files = Collector(workspace)
    files.text("a/b.txt", "x")
    with pytest.raises(StageError, match=r"two files of the bundle want the path `a/b\.txt`") as caught:
        files.text("a/b.txt", "y")
    assert caught.value.id == "ASC1822"


def test_the_tree_is_sorted_and_says_what_each_file_is(workspace):
    files = Collector(workspace)
    files.text("b.sh", "#!", executable=True)
    files.content("a", b"12345")
    assert [(file.path, file.blob.size, file.executable) for file in files.tree().files] == [
        ("a", 5, False),
        ("b.sh", 2, True),
    ]
    assert list(files.infos()) == ["a", "b.sh"]
    assert files.infos()["a"].size == 5
