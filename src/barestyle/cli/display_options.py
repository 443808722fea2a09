"""What a command prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from barestyle.cli import options
from barestyle.errors import BarestyleError

if TYPE_CHECKING:
    from barestyle.cli.execute import ExecuteOptions


@dataclass(frozen=True)
class DisplayOptions:
    """What a command prints: messages for people, or JSON for programs."""

    quiet: options.Quiet = False
    as_json: options.Json = False
    progress: options.ProgressDisplay = "auto"

    def execute_options(self, **values: Any) -> ExecuteOptions:
        """Return the options for executing a plan; `values` are the other ones. Raise BarestyleError."""
        from barestyle.cli.execute import ExecuteOptions

        self.check_progress()
        return ExecuteOptions(quiet=self.quiet, progress=self.progress, **values)

    def check_progress(self) -> None:
        """Refuse --quiet together with another --progress. Raise BarestyleError."""
        if self.quiet and self.progress not in ("auto", "none"):
            raise BarestyleError(f"--quiet shows no progress, but --progress is {self.progress}; leave one of them out")

    def check_standard_output(self) -> None:
        """Refuse --json if the result itself goes to standard output. Raise BarestyleError."""
        if self.as_json:
            raise BarestyleError("--json and -o - both write to standard output; name a file with -o")
