"""The default curriculum: 33 topics and 3 flex sessions, as twelve weeks of three.

Owns the texts and their order; a program may use its own. Every topic stands alone, so that a
newcomer can begin in any week. Source: docs/domain.md, section "Curriculum".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Theme(StrEnum):
    TRAUMA = "Trauma"
    VOCATIONAL = "Vocational"
    EMOTION = "Emotional regulation"
    RELAPSE = "Relapse prevention"
    FAMILY = "Community and family"
    SELF = "Self-discovery"
    LIFE = "Life skills"
    FLEX = "Flex"


class TopicKind(StrEnum):
    """The kind of group a topic is made for (TIP 41, chapter 2)."""

    PSYCHOEDUCATION = "psychoeducation"
    SKILLS = "skills"
    COGNITIVE = "cognitive_behavioural"
    PROCESS = "process"
    FLEX = "flex"


@dataclass(frozen=True, slots=True)
class Topic:
    """`prompts` are questions a facilitator may ask. `multifamily`: relatives may take part."""

    code: str
    theme: Theme
    kind: TopicKind
    title: str
    prompts: tuple[str, ...] = ()
    multifamily: bool = False


_PE, _SK = TopicKind.PSYCHOEDUCATION, TopicKind.SKILLS
_CB, _PR = TopicKind.COGNITIVE, TopicKind.PROCESS

_TOPICS = (
    Topic(
        "TR1",
        Theme.TRAUMA,
        _PE,
        "Stress and the body",
        (
            "Where do you first notice alarm in your body?",
            "What helps it pass?",
            "What has substance use done for that alarm?",
        ),
    ),
    Topic(
        "TR2",
        Theme.TRAUMA,
        _SK,
        "Grounding practice",
        ("Which sense steadies you fastest?", "When could you use it unnoticed?"),
    ),
    Topic(
        "TR3",
        Theme.TRAUMA,
        _CB,
        "Triggers vs reminders",
        (
            "How do you tell danger from memory?",
            "What would you tell a friend who was triggered here?",
        ),
    ),
    Topic(
        "TR4",
        Theme.TRAUMA,
        _SK,
        "Safety and boundaries",
        (
            "What does a safe person do?",
            "Which boundary needs words this week?",
            "Who helps you keep it?",
        ),
    ),
    Topic(
        "VO1",
        Theme.VOCATIONAL,
        _PE,
        "Strengths and work story",
        (
            "What did a past job prove you can do?",
            "How much of your recovery belongs in an interview?",
        ),
    ),
    Topic(
        "VO2",
        Theme.VOCATIONAL,
        _SK,
        "Job search plan",
        ("What is one step before next session?", "What usually stalls you?"),
    ),
    Topic(
        "VO3",
        Theme.VOCATIONAL,
        _CB,
        "Stress at work without using",
        ("Which hour of the shift is hardest?", "What can you change: task, break or company?"),
    ),
    Topic(
        "VO4",
        Theme.VOCATIONAL,
        _SK,
        "Money, schedule and treatment",
        ("How do you protect group time at work?", "What does payday trigger?"),
    ),
    Topic(
        "ER1",
        Theme.EMOTION,
        _PE,
        "Naming feelings",
        ("Which three words fit today beyond good or bad?", "Which feeling do you hide?"),
    ),
    Topic(
        "ER2",
        Theme.EMOTION,
        _CB,
        "Anger",
        ("What is under it?", "What is your earliest warning sign?", "What costs has it had?"),
    ),
    Topic(
        "ER3",
        Theme.EMOTION,
        _CB,
        "Anxiety and worry",
        ("Which worry can be acted on?", "Which must be let by?", "How do you know?"),
    ),
    Topic(
        "ER4",
        Theme.EMOTION,
        _SK,
        "Low mood and getting moving",
        ("What small act lifts you 5%?", "Who notices when you withdraw?"),
    ),
    Topic(
        "ER5",
        Theme.EMOTION,
        _SK,
        "Riding out distress",
        ("What has carried you through an awful hour?", "What belongs in your kit?"),
    ),
    Topic(
        "RP1",
        Theme.RELAPSE,
        _PE,
        "My triggers map",
        ("Which people, places, times and feelings lead the list?", "Which surprised you?"),
    ),
    Topic(
        "RP2",
        Theme.RELAPSE,
        _SK,
        "Craving as a wave",
        ("How long does a craving last for you?", "What do you do in minutes 1, 10 and 30?"),
    ),
    Topic(
        "RP3",
        Theme.RELAPSE,
        _CB,
        "Early warning signs",
        ("What changes first: sleep, honesty, contact?", "Who may call you on it?"),
    ),
    Topic(
        "RP4",
        Theme.RELAPSE,
        _SK,
        "High-risk events",
        ("What event is coming?", "What is your arrival, exit and ally plan?"),
    ),
    Topic(
        "RP5",
        Theme.RELAPSE,
        _SK,
        "Refusal skills",
        ("Which offer is hardest to turn down?", "Say it in ten words.", "What follows a no?"),
    ),
    Topic(
        "RP6",
        Theme.RELAPSE,
        _CB,
        "After a lapse",
        (
            "What separates a lapse from a relapse?",
            "Who is first to hear?",
            "What is repaired first?",
        ),
    ),
    Topic(
        "RP7",
        Theme.RELAPSE,
        _SK,
        "Writing my plan",
        ("What three lines would you tape to the door?", "What does your plan miss?"),
    ),
    Topic(
        "CF1",
        Theme.FAMILY,
        _PE,
        "How addiction reshapes a family",
        ("Which role did you take?", "What would each person like to stop doing?"),
        multifamily=True,
    ),
    Topic(
        "CF2",
        Theme.FAMILY,
        _PR,
        "Rebuilding trust",
        ("What promise can you keep this week?", "What must you stop explaining?"),
    ),
    Topic(
        "CF3",
        Theme.FAMILY,
        _SK,
        "Communicating needs",
        ("Turn a complaint into a request.", "What do you hear when criticised?"),
    ),
    Topic(
        "CF4",
        Theme.FAMILY,
        _PE,
        "Sober support network",
        ("Who are your five contacts?", "Which meeting or group would you try, and why not yet?"),
    ),
    Topic(
        "CF5",
        Theme.FAMILY,
        _PR,
        "Parenting and caregiving in recovery",
        ("What do those you care for see now?", "Where do you need help?"),
    ),
    Topic(
        "SD1",
        Theme.SELF,
        _CB,
        "Values",
        ("Which value did use push aside?", "What would it look like on Tuesday?"),
    ),
    Topic(
        "SD2",
        Theme.SELF,
        _PR,
        "Identity beyond addiction",
        ("How do you introduce yourself to yourself?", "What did you once love?"),
    ),
    Topic(
        "SD3",
        Theme.SELF,
        _PR,
        "Shame and self-compassion",
        ("Whose voice is your critic?", "What would fair sound like?"),
    ),
    Topic(
        "SD4",
        Theme.SELF,
        _PR,
        "Meaning and purpose",
        ("When do you lose track of time well?", "What would you like to be relied on for?"),
    ),
    Topic(
        "LS1",
        Theme.LIFE,
        _SK,
        "Sleep and daily rhythm",
        ("What is your last hour like?", "Which one thing moves bedtime?"),
    ),
    Topic(
        "LS2",
        Theme.LIFE,
        _PE,
        "Food, movement, health care",
        ("What have you put off?", "What is one appointment to book?"),
    ),
    Topic(
        "LS3",
        Theme.LIFE,
        _SK,
        "Budget and debt",
        ("Where does money leak?", "Which bill do you dread opening?"),
    ),
    Topic(
        "LS4",
        Theme.LIFE,
        _SK,
        "Problem solving and planning",
        ("State one problem in a sentence.", "What are three options and the first step?"),
    ),
    Topic("FX1", Theme.FLEX, TopicKind.FLEX, "Agreements and goals"),
    Topic("FX2", Theme.FLEX, TopicKind.FLEX, "Mid-cycle review"),
    Topic("FX3", Theme.FLEX, TopicKind.FLEX, "Transition and goodbyes"),
)

TOPICS: Mapping[str, Topic] = {topic.code: topic for topic in _TOPICS}

# The twelve weeks of a track that meets three times a week.
WEEKS: tuple[tuple[str, str, str], ...] = (
    ("FX1", "RP1", "CF4"),
    ("ER1", "RP2", "CF1"),
    ("TR1", "LS1", "VO1"),
    ("TR2", "RP3", "CF3"),
    ("ER2", "LS2", "SD3"),
    ("ER3", "FX2", "CF2"),
    ("SD1", "RP4", "VO2"),
    ("TR3", "RP5", "CF5"),
    ("ER4", "LS3", "VO3"),
    ("TR4", "RP6", "SD4"),
    ("ER5", "LS4", "VO4"),
    ("SD2", "RP7", "FX3"),
)


def topic_of(number: int) -> Topic:
    """CUR2. The topic of a track's session, by its number (from 1); after the last week the
    cycle begins again."""
    codes = [code for week in WEEKS for code in week]
    return TOPICS[codes[(number - 1) % len(codes)]]
