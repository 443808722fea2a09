"""Codes of why an optimization ends, and their sentences."""

from __future__ import annotations

import pickle
from string import Formatter

import pytest

from barestyle import DivergedError, StopReason
from barestyle.stop_reasons import SENTENCES, explain

NUMBERS = {"steps": 20, "step": 7, "patience": 30, "percent": 0.1, "last": 12.5, "ratio": 31.0, "starts": 3}


def test_every_code_has_a_sentence() -> None:
    assert SENTENCES.keys() == set(StopReason)
    assert len(set(SENTENCES.values())) == len(StopReason)


@pytest.mark.parametrize("reason", StopReason)
def test_a_sentence_says_what_happened_and_what_to_do(reason: StopReason) -> None:
    """A clause, a semicolon, a remedy: readable alone or after "it ended because", and without a full stop."""
    ending = explain(reason, **NUMBERS)
    assert ending.reason is reason
    assert str(ending) == ending.sentence
    what, remedy = ending.sentence.split("; ")
    assert len(what.split()) >= 3
    assert len(remedy.split()) >= 4
    assert not ending.sentence.endswith((".", ";", ","))
    assert ending.sentence[0].islower()
    assert not set("{}") & set(ending.sentence)


@pytest.mark.parametrize("reason", StopReason)
def test_every_number_of_a_sentence_is_in_it(reason: StopReason) -> None:
    names = {name for _, name, _, _ in Formatter().parse(SENTENCES[reason]) if name}
    sentence = explain(reason, **NUMBERS).sentence
    assert all(f"{NUMBERS[name]:g}" in sentence for name in names)
    if names:
        with pytest.raises(KeyError):
            explain(reason)


def test_an_error_carries_its_code_also_to_another_process() -> None:
    error = DivergedError(explain(StopReason.RESTARTS_EXHAUSTED, starts=3))
    assert error.stop_reason is StopReason.RESTARTS_EXHAUSTED
    assert str(error) == error.ending.sentence
    other = pickle.loads(pickle.dumps(error))
    assert (str(other), other.stop_reason) == (str(error), error.stop_reason)
