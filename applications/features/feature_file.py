"""The file of features, as jobs find and read it."""

from pathlib import Path

from common.flink.property_groups import ConfigError
from core.features.declarations.load import load_features
from core.features.model import FeatureProblem, FeatureSet


def read_features(path: str, properties: Path, *applications: Path) -> str:
    """The file's text.

    :param path: absolute, or beside the property file or in one of ``applications``.
    :raises ConfigError: there is no such file, or it is not text.
    """
    named = Path(path)
    for file in (properties.parent / named, *(application / named for application in applications)):
        if file.is_file():
            break
    else:
        raise ConfigError(f"features: path: {named} is neither beside the property file nor the application")
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"features: path: {file}: {error.strerror or type(error).__name__}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"features: path: {file}: not UTF-8") from error


def problems_of(text: str) -> tuple[FeatureProblem, ...]:
    """Everything that is wrong with the file."""
    loaded = load_features(text)
    return loaded if isinstance(loaded, tuple) else ()


def idle_problem(text: str, idle_ms: int) -> FeatureProblem | None:
    """What is wrong with a file that can be used where sessions end after another idle time than the file says: the
    window ``session`` would be empty too early or too late.
    """
    found = features_of(text)
    if found.session_idle_ms == idle_ms:
        return None
    lines = text.splitlines()
    line = next((number for number, each in enumerate(lines, 1) if each.startswith("session_idle")), 1)
    return FeatureProblem(line, f"session_idle is {found.session_idle_ms} ms, and the job's sessions have {idle_ms}")


def features_of(text: str) -> FeatureSet:
    """:raises ValueError: the file cannot be used. The job's program has checked it before it was submitted."""
    loaded = load_features(text)
    if isinstance(loaded, tuple):
        raise ValueError("; ".join(f"line {each.line}: {each.reason}" for each in loaded))
    return loaded
