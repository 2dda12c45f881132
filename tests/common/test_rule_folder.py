"""The reader of rule folders, on real folders."""

from pathlib import Path

import pytest

from common.rule_folder import RuleFolderError, read_rule_folder


def test_rule_files_by_name(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "README.md", ".hidden.yml"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "folder.yml").mkdir()
    assert list(read_rule_folder(tmp_path).items()) == [("a.yaml", "a.yaml"), ("b.yml", "b.yml")]
    assert read_rule_folder(tmp_path / "b.yml") == {"b.yml": "b.yml"}


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RuleFolderError, match="no rule file"):
        read_rule_folder(tmp_path)
    with pytest.raises(RuleFolderError, match=r"nowhere: No such file"):
        read_rule_folder(tmp_path / "nowhere")
    (tmp_path / "a.yml").write_bytes(b"\xff")
    with pytest.raises(RuleFolderError, match=r"a\.yml: not UTF-8"):
        read_rule_folder(tmp_path)
    (tmp_path / "a.yml").unlink()
    (tmp_path / "a.yml").symlink_to(tmp_path / "gone")
    with pytest.raises(RuleFolderError, match=r"a\.yml: No such file"):
        read_rule_folder(tmp_path)
