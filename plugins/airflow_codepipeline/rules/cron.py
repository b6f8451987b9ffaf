"""A cron expression as a window of time: whether a minute lies in it.

Source: CodePipeline user guide, DeploymentWindow. Six fields and an optional year: seconds, which say nothing
here, minutes, hours, day of the month (`, - * ? / L W`), month, day of the week (`, - * ? / L #`, 1 is
Sunday), year. A minute field of `0` alone means whole hours, as in AWS's `0 0 9-17 ? * MON-FRI *`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ANY = ("*", "?")
_LAST = re.compile(r"L(?:-(?P<before>[0-9]{1,2}))?(?P<weekday>W)?")
_NEAREST = re.compile(r"(?P<day>[0-9]{1,2})W")
_NTH = re.compile(r"(?P<day>[A-Z0-9]+)#(?P<number>[1-5])")
_LAST_DAY = re.compile(r"(?P<day>[A-Z0-9]+)L")
_ITEM = re.compile(r"(?P<first>\*|[A-Z0-9]+)(?:-(?P<last>[A-Z0-9]+))?(?:/(?P<step>[0-9]{1,4}))?")


class CronError(ValueError):
    """A cron expression that is none; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an expression: its bounds, and the names that its numbers have."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """Return a number or name of this field.

        :raises CronError: it is neither, or out of bounds.
        """
        if text in self.names:
            return self.least + self.names.index(text)
        if not text.isdigit() or not self.least <= int(text) <= self.most:
            words = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
            raise CronError(f"{self.name} has {text!r}; it takes {self.least}-{self.most}{words}.")
        return int(text)

    def numbers(self, item: str) -> set[int]:
        """Return the numbers of one item: `5`, `MON-FRI`, `*/15`, `10/5`."""
        found = _ITEM.fullmatch(item)
        if found is None:
            raise CronError(f"{self.name} cannot be {item!r}.")
        first = self.least if found["first"] == "*" else self.number(found["first"])
        step = int(found["step"] or 1)
        if step < 1:
            raise CronError(f"{self.name} has the step 0.")
        if found["last"]:
            last = self.number(found["last"])
            # A range that ends before it begins goes round: FRI-MON, 22-6.
            around = last if last >= first else last + self.most - self.least + 1
            return {
                self.least + (value - self.least) % self._span for value in range(first, around + 1, step)
            }
        open_end = found["first"] == "*" or found["step"]
        return set(range(first, (self.most if open_end else first) + 1, step))

    @property
    def _span(self) -> int:
        return self.most - self.least + 1


MINUTES = Field(name="minutes", least=0, most=59)
HOURS = Field(name="hours", least=0, most=23)
DAY_OF_MONTH = Field(name="day-of-month", least=1, most=31)
MONTH = Field(name="month", least=1, most=12, names=_MONTHS)
DAY_OF_WEEK = Field(name="day-of-week", least=1, most=7, names=_DAYS)
YEAR = Field(name="year", least=1970, most=2199)


class Window:
    """The minutes that an expression names.

    :raises CronError: it is no such expression.
    """

    def __init__(self, expression: str) -> None:
        fields = expression.upper().split()
        if len(fields) not in (6, 7):
            raise CronError(
                f"it has {len(fields)} fields; it needs 6 or 7: seconds minutes hours day-of-month month "
                "day-of-week [year]."
            )
        _, minutes, *rest = fields
        self._minutes = _set(MINUTES, "*" if minutes == "0" else minutes)
        self._hours = _set(HOURS, rest[0])
        self._days = _tests(rest[1], _day_of_month)
        self._months = _set(MONTH, rest[2])
        self._weekdays = _tests(rest[3], _day_of_week)
        self._years = _set(YEAR, rest[4] if len(rest) > 4 else "*")

    def holds(self, instant: datetime) -> bool:
        """Tell whether an instant lies in the window.

        :param instant: in the window's own time zone.
        """
        return (
            instant.minute in self._minutes
            and instant.hour in self._hours
            and instant.month in self._months
            and instant.year in self._years
            and any(test(instant.date()) for test in self._days)
            and any(test(instant.date()) for test in self._weekdays)
        )


def _set(field: Field, text: str) -> frozenset[int]:
    if text == "?":
        raise CronError(f"{field.name} cannot be '?'; only the two day fields can.")
    return frozenset(number for item in text.split(",") for number in field.numbers(item))


def _tests(text: str, test_of: Callable[[str], Callable[[date], bool]]) -> list[Callable[[date], bool]]:
    if text in _ANY:
        return [lambda _: True]
    return [test_of(item) for item in text.split(",")]


def _day_of_month(item: str) -> Callable[[date], bool]:
    """Return the test of `15`, `1-7`, `L`, `L-3`, `LW` or `15W`."""
    if last := _LAST.fullmatch(item):
        before = int(last["before"] or 0)
        if not last["weekday"]:
            return lambda day: day.day == _length(day) - before
        return lambda day: day == _nearest_weekday(day, _length(day) - before)
    if nearest := _NEAREST.fullmatch(item):
        wanted = DAY_OF_MONTH.number(nearest["day"])
        return lambda day: wanted <= _length(day) and day == _nearest_weekday(day, wanted)
    days = DAY_OF_MONTH.numbers(item)
    return lambda day: day.day in days


def _day_of_week(item: str) -> Callable[[date], bool]:
    """Return the test of `MON`, `2-6`, `L` (Saturday), `6L` (the last Friday) or `6#3` (the third)."""
    if item == "L":
        return lambda day: _weekday(day) == DAY_OF_WEEK.most
    if nth := _NTH.fullmatch(item):
        wanted, number = DAY_OF_WEEK.number(nth["day"]), int(nth["number"])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == number
    if last := _LAST_DAY.fullmatch(item):
        wanted_last = DAY_OF_WEEK.number(last["day"])
        return lambda day: _weekday(day) == wanted_last and day.day > _length(day) - 7
    days = DAY_OF_WEEK.numbers(item)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date | None:
    """Return the weekday nearest to a day of the same month, without leaving the month."""
    length = _length(day)
    if wanted < 1:
        return None
    target = day.replace(day=wanted)
    if target.isoweekday() == 6:
        return target + timedelta(days=-1 if wanted > 1 else 2)
    if target.isoweekday() == 7:
        return target + timedelta(days=1 if wanted < length else -2)
    return target
