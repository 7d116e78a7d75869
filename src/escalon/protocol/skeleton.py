"""A commented study folder to start from."""

from importlib.resources import files
from pathlib import Path

from escalon.protocol.errors import Problem, StudyError

FILES = ("study.toml", "record.txt")


def write_skeleton(folder: Path) -> tuple[Path, ...]:
    """Write an example study that loads and lints; refuses a folder that holds anything. Raises StudyError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError([Problem(str(folder), 1, "already exists and is not an empty folder. Give another name")])
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in FILES:
        path = folder / name
        text = files("escalon.protocol").joinpath("skeleton_files", name).read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return tuple(written)
