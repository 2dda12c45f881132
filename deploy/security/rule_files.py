"""Reads the rule files of a folder."""

from collections.abc import Mapping
from pathlib import Path

from common.rule_folder import RuleFolderError, read_rule_folder
from deploy.paths import PROJECT

SHIPPED = PROJECT / "deploy" / "rules"


class RuleFilesError(Exception):
    """The files cannot be read. One line."""


def read_rule_files(place: Path) -> Mapping[str, str]:
    """File name → text, of a folder or of one file. The names are as given, so that messages can be followed.

    :raises RuleFilesError: if there is no such file, or one is no text.
    """
    try:
        files = read_rule_folder(place)
    except RuleFolderError as error:
        raise RuleFilesError(str(error)) from error
    return {str(place if place.is_file() else place / name): text for name, text in files.items()}
