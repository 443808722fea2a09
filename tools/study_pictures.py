"""Copy the pictures of the studies in docs/paper-study out of the shared folder, to docs/paper-study/pictures.

`python -m tools.study_pictures [SHARED]` copies the files as they are: a study checks their hashes. The folder is not
part of the repository, as the photographs may not be published with it; see `benchmarks.pairs` for their sources.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from benchmarks.pairs import ARCHIVE, SHARED_FILES, find_shared_folder

from barestyle.study.yaml_loader import load

FOLDER = Path(__file__).parents[1] / "docs" / "paper-study"


def main() -> None:
    """Copy every picture that a study names by a path."""
    shared = Path(sys.argv[1]) if len(sys.argv) > 1 else find_shared_folder()
    if not (shared / ARCHIVE).is_file():
        sys.exit(f"{str(shared)!r} has no {ARCHIVE}; name the shared folder")
    pairs = [pair for path in sorted(FOLDER.glob("*.yaml")) for pair in load(str(path)).pairs]
    names = {name for pair in pairs for name in (pair.content, pair.style) if ":" not in name}
    with zipfile.ZipFile(shared / ARCHIVE) as archive:
        for name in sorted(names):
            target = FOLDER / name
            target.parent.mkdir(exist_ok=True)
            if target.stem in SHARED_FILES:
                data = (shared / "images" / SHARED_FILES[target.stem]).read_bytes()
            else:
                data = archive.read(f"photographs/{target.name}")
            target.write_bytes(data)
    print(f"{len(names)} pictures in {FOLDER / 'pictures'}")


if __name__ == "__main__":
    main()
