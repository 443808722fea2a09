"""`-o`: a file, a folder for a file with the default name, or standard output."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from barestyle.cli.standard_streams import STANDARD_STREAM, check_standard_output
from barestyle.errors import OutputError


@dataclass(frozen=True)
class OutputFile:
    """Where a command writes a file.

    Attributes:
        path: the file, or STANDARD_STREAM for standard output.
        new_folder: the folder to create for it, or None if it exists.
    """

    path: Path
    new_folder: Path | None = None

    @property
    def is_standard(self) -> bool:
        """Whether the file goes to standard output."""
        return self.path == STANDARD_STREAM

    def check(self, *, force: bool, inputs: Collection[Path] = ()) -> None:
        """Refuse, before any work, an image that cannot be written with its record, or that is an input.

        Nothing is created. Raises OutputError.
        """
        from barestyle.run.output_files import check_output

        if self.is_standard:
            check_standard_output()
        elif self.new_folder is None:
            check_output(self.path, force=force, inputs=[path for path in inputs if path != STANDARD_STREAM])
        else:
            check_new_folder(self.new_folder)
            # A file in it replaces nothing, but its name can be one that cannot be written.
            check_output(self.new_folder.parent / self.path.name, force=True)

    def check_image(self, *, force: bool, inputs: Collection[Path] = ()) -> None:
        """Refuse, before any work, an image without a record that cannot be written, or that is an input.

        Nothing is created. Raises OutputError.
        """
        from barestyle.images import check_distinct, check_output

        if self.is_standard:
            check_standard_output()
        elif self.new_folder is not None:
            check_new_folder(self.new_folder)
            check_output(self.new_folder.parent / self.path.name, force=True)
        else:
            check_output(self.path, force=force)
            check_distinct([self.path], [path for path in inputs if path != STANDARD_STREAM])


def parse_output(text: str, default_name: str | None) -> OutputFile:
    """Return the file that -o names.

    An existing folder, and a path with a slash at its end, stand for the file `default_name` in that folder. Raise
    OutputError if there is no default name, or if the folder is a file.
    """
    path = Path(text)
    if text == str(STANDARD_STREAM):
        return OutputFile(STANDARD_STREAM)
    if not names_folder(text):
        return OutputFile(path)
    if default_name is None:
        raise OutputError(
            f"the file in the folder {text!r} has no default name, as an input is standard input; name it, like "
            f"{str(path / 'out.png')!r}"
        )
    return OutputFile(path / default_name, None if path.is_dir() else path)


def names_folder(text: str) -> bool:
    """Return whether a path is an existing folder or has a slash at its end. Raise OutputError if it is a file."""
    path = Path(text)
    has_slash = text.endswith(tuple(filter(None, (os.sep, os.altsep))))
    try:
        if has_slash and path.exists() and not path.is_dir():
            raise OutputError(f"{text!r} is a file, not a folder; leave out the slash, or name another folder")
        return has_slash or path.is_dir()
    except OSError as error:
        raise OutputError(f"{text!r} cannot be an output ({error.strerror}); choose another name") from None


def default_output(output: str | None, sources: Sequence[Path]) -> OutputFile:
    """Return the output of -o, or else the file CONTENT-STYLE.png in the current folder.

    `sources` are the content and the styles. Raise OutputError if one of them is standard input and the output has no
    name.
    """
    has_name = STANDARD_STREAM not in sources
    name = "-".join(path.stem for path in sources) + ".png" if has_name else None
    if output is not None:
        return parse_output(output, name)
    if name is None:
        raise OutputError("a result from standard input has no default name; name it with -o, like -o out.png or -o -")
    return OutputFile(Path(name))


def check_new_folder(folder: Path) -> None:
    """Raise OutputError if a folder cannot be created because its parent does not exist or cannot be written."""
    from barestyle.atomic_files import check_writable

    if not folder.parent.is_dir():
        raise OutputError(
            f"the folder {str(folder)!r} cannot be created, because there is no folder {str(folder.parent)!r}; "
            "create it, or choose another one"
        )
    check_writable(folder)


@contextmanager
def create_folders(files: Iterable[OutputFile]) -> Iterator[None]:
    """Create the folders of files that do not exist, and remove them again if the block raises and they are empty.

    Raises OutputError if the system refuses.
    """
    with ExitStack() as created:
        for folder in dict.fromkeys(file.new_folder for file in files):
            if folder is None:
                continue
            try:
                folder.mkdir()
            except FileExistsError:
                if folder.is_dir():
                    continue
                raise OutputError(
                    f"the folder {str(folder)!r} cannot be created, because a file has its name; choose another one"
                ) from None
            except OSError as error:
                raise OutputError(
                    f"the folder {str(folder)!r} cannot be created ({error.strerror}); choose another one"
                ) from None
            created.callback(_remove_empty, folder)
        yield
        created.pop_all()


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # it has files, or was removed
        folder.rmdir()
