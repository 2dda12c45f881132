"""How the states of those who have opted out hear of it."""

import pytest

from applications.behaviour.opted_out import NewOptOuts
from applications.behaviour.visitors.messages import read_message
from applications.behaviour.visitors.output import Record
from common.flink.subtask import Subtask
from contracts.features.erasures import Forget
from contracts.fixed_topics import BEHAVIOUR_MESSAGES

ONE = Subtask(0, 1, 128)


def told(records: list[Record]) -> list[str]:
    found = []
    for topic, key, value, _ in records:
        assert topic == BEHAVIOUR_MESSAGES.name
        assert key is not None and value is not None
        message = read_message(value)
        assert isinstance(message, Forget)
        assert message.subject == key.decode()
        found.append(message.subject)
    return found


def over_time(opt_outs: NewOptOuts, start: float, seconds: float = 5.0) -> list[str]:
    """Everything that is told in that time, at ten calls a second."""
    return [each for tenth in range(round(seconds * 10)) for each in told(opt_outs.messages(start + tenth / 10))]


def test_each_subject_is_told_once() -> None:
    subjects = {"u-1", "u-2"}
    opt_outs = NewOptOuts(subjects, ONE)
    assert sorted(over_time(opt_outs, 100.0)) == ["u-1", "u-2"]
    subjects.add("u-3")
    assert over_time(opt_outs, 200.0) == ["u-3"]
    assert over_time(opt_outs, 300.0) == []


@pytest.mark.parametrize("parallelism", [1, 2, 3, 7])
def test_those_of_before_the_start_by_one_subtask_each_and_later_ones_by_all(parallelism: int) -> None:
    """A subtask without records tells nobody, so the others must."""
    subjects = {f"subject-{number}" for number in range(50)}
    tasks = [NewOptOuts(subjects, Subtask(number, parallelism, 128)) for number in range(parallelism)]
    found = [each for task in tasks for each in over_time(task, 100.0)]
    assert sorted(found) == sorted(subjects)
    subjects.add("later")
    assert [over_time(task, 200.0) for task in tasks] == [["later"]] * parallelism


def test_no_more_than_200_at_a_time() -> None:
    subjects = {f"subject-{number}" for number in range(450)}
    opt_outs = NewOptOuts(subjects, ONE)
    assert told(opt_outs.messages(100.0)) == []
    calls = [told(opt_outs.messages(102.0)) for _ in range(4)]
    assert [len(each) for each in calls] == [200, 200, 50, 0]
    assert {each for call in calls for each in call} == subjects


def test_all_are_told_again_after_a_restart() -> None:
    subjects = {"u-1", "u-2"}
    assert len(over_time(NewOptOuts(subjects, ONE), 100.0)) == 2
    assert len(over_time(NewOptOuts(subjects, ONE), 200.0)) == 2


@pytest.mark.parametrize("others", [set(), {"u-2"}], ids=["alone", "among others"])
def test_who_opts_in_and_out_again_is_told_again(others: set[str]) -> None:
    subjects = {"u-1", *others}
    opt_outs = NewOptOuts(subjects, ONE)
    assert "u-1" in over_time(opt_outs, 100.0)
    subjects.remove("u-1")
    assert over_time(opt_outs, 200.0) == []
    subjects.add("u-1")
    assert over_time(opt_outs, 300.0) == ["u-1"]


def test_without_a_store_nobody_is_told() -> None:
    assert over_time(NewOptOuts((), ONE), 100.0) == []
