"""Questions of the corpus with their one right answer, read from `corpus/` or made from its tables."""

from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True)
class Fact:
    """A question, its answer, and the answer in one or two words where there is such a one."""

    group: str
    question: str
    answer: str
    short: str | None = None


def lines(name: str) -> list[str]:
    """The lines of a corpus file without comments."""
    text = (CORPUS / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pairs(name: str) -> list[tuple[str, str]]:
    """The lines of a corpus file of the form `left: right`."""
    return [(left, right.strip()) for left, _, right in (line.partition(":") for line in lines(name))]


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def capitals() -> list[Fact]:
    """Capitals of countries."""
    return [
        Fact("capitals", f"What is the capital of {country}?", f"The capital of {country} is {city}.", city)
        for country, city in pairs("capitals.txt")
    ]


def colours() -> list[Fact]:
    """Colours of things."""
    facts = []
    for thing, colour in pairs("colours.txt"):
        verb, name = ("are", thing[:-1]) if thing.endswith("*") else ("is", thing)
        facts.append(Fact("colours", f"What colour {verb} {name}?", f"{capital(name)} {verb} {colour}.", colour))
    return facts


def opposites() -> list[Fact]:
    """Opposites, asked in both directions."""
    both = [pair for left, right in pairs("opposites.txt") for pair in ((left, right), (right, left))]
    unique = {word: other for word, other in reversed(both)}
    return [
        Fact("opposites", f"What is the opposite of {word}?", f"The opposite of {word} is {other}.", other)
        for word, other in sorted(unique.items())
    ]


def animals() -> list[Fact]:
    """Sounds, legs, young and homes of animals."""
    facts = []
    for line in lines("animals.txt"):
        name, sound, legs, young, home = (cell.strip() for cell in line.split("|"))
        upper = capital(name)
        facts += [
            Fact("animals", f"What does {name} say?", f"{upper} says {sound}.", sound),
            Fact("animals", f"How many legs has {name}?", f"{upper} has {legs} legs.", legs),
            Fact("animals", f"What is the young of {name}?", f"The young of {name} is a {young}.".replace(
                "a owlet", "an owlet"), young),
            Fact("animals", f"Where does {name} live?", f"{upper} lives {home}.", home),
        ]
    return facts


def numbers() -> list[Fact]:
    """Counting and adding."""
    facts = [Fact("numbers", f"What is {a} plus {b}?", f"{a} plus {b} is {a + b}.", str(a + b))
             for a in range(6) for b in range(6)]
    facts += [Fact("numbers", f"Which number comes after {n}?", f"After {n} comes {n + 1}.", str(n + 1)) for n in range(20)]
    facts += [Fact("numbers", f"Which number comes before {n}?", f"Before {n} comes {n - 1}.", str(n - 1))
              for n in range(1, 21)]
    facts += [Fact("numbers", f"Write {n} as a word.", f"{n} is {word}.", word) for n, word in enumerate(NUMBERS)]
    return facts


def calendar() -> list[Fact]:
    """Days and months in order."""
    facts = []
    for kind, names in (("day", DAYS), ("month", MONTHS)):
        for index, name in enumerate(names):
            after, before = names[(index + 1) % len(names)], names[index - 1]
            facts += [
                Fact("calendar", f"Which {kind} comes after {name}?", f"After {name} comes {after}.", after),
                Fact("calendar", f"Which {kind} comes before {name}?", f"Before {name} comes {before}.", before),
            ]
    return facts


def questions() -> list[Fact]:
    """Greetings, small talk, and what the words of this project mean."""
    facts = []
    for line in lines("questions.txt"):
        question, answer, *short = (cell.strip() for cell in line.split("=>"))
        facts.append(Fact("questions", question, answer, short[0] if short else None))
    return facts


def triage() -> list[Fact]:
    """Reports about this project and the word under which each belongs."""
    return [Fact("triage", f"triage: {report}", label, label) for label, report in pairs("triage.txt")]


def summaries() -> list[Fact]:
    """Two sentences in one."""
    split = (line.partition(" => ") for line in lines("summaries.txt"))
    return [Fact("summaries", f"Summarise: {text}", summary) for text, _, summary in split]


def all_facts() -> list[Fact]:
    """Every question of the corpus that has exactly one right answer."""
    return [*capitals(), *colours(), *opposites(), *animals(), *numbers(), *calendar(), *questions(), *triage(), *summaries()]
