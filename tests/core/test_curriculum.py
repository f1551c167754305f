"""The default curriculum: CUR1 and CUR2."""

from collections import Counter

from sessions.core.curriculum import TOPICS, WEEKS, Theme, TopicKind, topic_of


def test_cur1_thirty_three_topics_and_three_flex_by_theme() -> None:
    counted = Counter(topic.theme for topic in TOPICS.values())
    assert counted == {
        Theme.TRAUMA: 4,
        Theme.VOCATIONAL: 4,
        Theme.EMOTION: 5,
        Theme.RELAPSE: 7,
        Theme.FAMILY: 5,
        Theme.SELF: 4,
        Theme.LIFE: 4,
        Theme.FLEX: 3,
    }


def test_cur1_twelve_weeks_hold_every_topic_once() -> None:
    assert [len(week) for week in WEEKS] == [3] * 12
    assert sorted(code for week in WEEKS for code in week) == sorted(TOPICS)


def test_cur1_every_topic_but_flex_has_questions_and_fits_a_title() -> None:
    topics = [topic for topic in TOPICS.values() if topic.kind is not TopicKind.FLEX]
    assert [len(topic.prompts) >= 2 for topic in topics] == [True] * 33
    assert [len(topic.title) <= 80 for topic in TOPICS.values()] == [True] * 36


def test_cur2_the_cycle_begins_again_after_the_last_week() -> None:
    codes = [topic_of(number).code for number in (1, 2, 3, 4, 36, 37)]
    assert codes == ["FX1", "RP1", "CF4", "ER1", "FX3", "FX1"]
