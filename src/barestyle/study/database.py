"""Errors of the study's database, as sentences."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from barestyle.errors import StorageError

DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


def translate_database_errors(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Wrap a function so that a failure of the database raises StorageError."""

    @wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except DATABASE_ERRORS as error:
            raise StorageError(
                f"the study's database failed ({describe_error(error)}); no stored result is lost, "
                "so run the same command again"
            ) from None

    return wrapper


def describe_error(error: BaseException) -> str:
    """Return the first line of the innermost error's message, which is the database driver's."""
    while error.__cause__ is not None:
        error = error.__cause__
    original = getattr(error, "orig", None) or error
    return (str(original).strip() or type(original).__name__).splitlines()[0]
