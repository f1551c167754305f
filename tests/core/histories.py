"""Random agendas and histories of marks for the properties of the agenda clock."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from sessions.core.agenda import (
    Agenda,
    AgendaMark,
    MarkKind,
    Segment,
    SegmentKind,
    agenda_of,
)

START = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    """An instant so many minutes after the planned start."""
    return START + minutes * MINUTE


def thirds(minutes: int = 60) -> Agenda:
    """Check-in, topic and wrap-up, a third each."""
    kinds = (SegmentKind.CHECK_IN, SegmentKind.TOPIC, SegmentKind.WRAP_UP)
    return agenda_of([Segment(kind, share=1) for kind in kinds], START, at(minutes))


def evening() -> Agenda:
    """The long evening: 65 + 60 + 65 minutes with two ten-minute breaks."""
    pause = Segment(SegmentKind.BREAK, minutes=10)
    parts = [
        Segment(SegmentKind.CHECK_IN, block=1, minutes=65),
        pause,
        Segment(SegmentKind.TOPIC, block=2, minutes=60),
        pause,
        Segment(SegmentKind.WRAP_UP, block=3, minutes=65),
    ]
    return agenda_of(parts, START, at(210))


def marks(*done: tuple[float, MarkKind] | tuple[float, MarkKind, int]) -> tuple[AgendaMark, ...]:
    """Marks from (minutes after the planned start, kind[, minutes]), numbered as written."""
    return tuple(
        AgendaMark(at(one[0]), one[1], one[2] if len(one) > 2 else 0, number)
        for number, one in enumerate(done, start=1)
    )


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    kind = draw(st.sampled_from(SegmentKind))
    itself = draw(st.booleans())
    if draw(st.booleans()):
        return Segment(kind, minutes=draw(st.integers(1, 40)), advances_itself=itself)
    return Segment(kind, share=draw(st.integers(1, 5)), advances_itself=itself)


@st.composite
def agendas(draw: st.DrawFn) -> Agenda:
    parts = draw(st.lists(segments(), min_size=1, max_size=6))
    return agenda_of(parts, START, at(draw(st.integers(15, 240))))


@st.composite
def histories(draw: st.DrawFn, longest: int = 12) -> tuple[tuple[AgendaMark, ...], datetime]:
    """Started marks in order of time, many of which do nothing, and a now after the last."""
    when = START + timedelta(seconds=draw(st.integers(-900, 1200)))
    made = [AgendaMark(when, MarkKind.START, number=1)]
    kinds = st.sampled_from([kind for kind in MarkKind if kind is not MarkKind.START])
    # an end stops a history short: rarer than the others
    kinds = kinds.flatmap(lambda kind: kinds if kind is MarkKind.END else st.just(kind))
    steps = st.tuples(st.integers(0, 1500), kinds, st.integers(1, 20))
    for number, (seconds, kind, minutes) in enumerate(
        draw(st.lists(steps, max_size=longest)), start=2
    ):
        when += timedelta(seconds=seconds)
        made.append(AgendaMark(when, kind, minutes, number))
    gap = timedelta(microseconds=draw(st.integers(0, 1_800_000_000)))
    return tuple(made), when + gap
