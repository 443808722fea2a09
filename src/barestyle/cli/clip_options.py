"""Options that choose the frames of a clip."""

from __future__ import annotations

from typing import Annotated

import typer

FirstTime = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Begin a video at this time: seconds, or 1:30.5.", show_default=False),
]
LastTime = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", help="End a video before this time: seconds, or 1:30.5.", show_default=False),
]
Every = Annotated[
    int,
    typer.Option("--every", metavar="N", min=1, help="Paint every Nth frame of a video, and leave out the others."),
]
