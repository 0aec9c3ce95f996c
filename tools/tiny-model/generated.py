"""Documents that are drawn at random: JSON objects, values taken out of a sentence, sentences to shorten.

They teach form and copying, not facts: how a JSON text opens and closes, and that a name in the question comes back in the
answer. Each function takes the random generator, so that one seed gives one corpus.
"""

import json

import numpy as np

from facts import lines

WORDS = {name: words.split() for name, _, words in (line.partition(":") for line in lines("words.txt"))}
Random = np.random.Generator


def pick(random: Random, options: list) -> object:
    """One of the options."""
    return options[int(random.integers(len(options)))]


def word(random: Random, kind: str) -> str:
    """A word of a list in `corpus/words.txt`."""
    return str(pick(random, WORDS[kind]))


def phrase(random: Random) -> str:
    """A few words, sometimes with characters that JSON must escape."""
    thing, place, colour = word(random, "things"), word(random, "places"), word(random, "colours")
    return str(pick(random, [
        f"the {colour} {thing}", f"a {thing} in the {place}", f"the {thing} is {colour}", f"{thing}", f"{colour} {thing}",
        f'the "{colour}" {thing}', f"{thing}\n{place}", f"C:\\{place}", f"caf\u00e9 {thing}", f"{place}/{thing}",
    ]))


def integer(random: Random) -> int:
    """A whole number, mostly a small one."""
    return int(random.integers(10)) if random.random() < 0.6 else int(random.integers(1000))


STRINGS = {
    "name": "names", "owner": "names", "author": "names", "city": "cities", "country": "countries", "colour": "colours",
    "animal": "animals", "item": "items", "place": "places", "thing": "things", "status": "states", "state": "states",
    "label": "labels", "kind": "labels",
}
PHRASES = ["answer", "text", "title", "note", "reason", "summary", "path", "value", "message"]
INTEGERS = ["count", "age", "number", "size", "year", "port", "id", "total", "a", "n"]
FLOATS = ["price", "score", "weight", "temperature", "ratio"]
BOOLEANS = ["ok", "done", "open", "valid", "urgent", "local"]
LISTS = ["items", "names", "tags", "numbers", "colours", "list"]
OBJECTS = ["person", "place", "result", "file", "address", "data"]


def value(random: Random, key: str, depth: int) -> object:
    """A value that suits the key."""
    if key in OBJECTS and depth > 0:
        return {name: value(random, name, depth - 1) for name in keys(random, int(random.integers(1, 3)))}
    if key in STRINGS:
        return word(random, STRINGS[key])
    if key in INTEGERS:
        return integer(random)
    if key in FLOATS:
        return round(float(random.integers(1, 1000)) / float(pick(random, [10, 100])), 2)
    if key in BOOLEANS:
        return bool(random.random() < 0.6)
    if key in LISTS:
        kind = key if key in WORDS else "items"
        draw = integer if key == "numbers" else lambda source: word(source, kind)
        return [draw(random) for _ in range(int(random.integers(0, 4)))]
    return phrase(random) if random.random() < 0.95 else None


def keys(random: Random, count: int) -> list[str]:
    """Different member names; numbers and texts more often than lists and objects."""
    pool = [*STRINGS, *PHRASES, *INTEGERS, *FLOATS, *BOOLEANS, *LISTS, *OBJECTS]
    return [str(name) for name in random.choice(pool, size=count, replace=False)]


def compact(value: object) -> str:
    """JSON as the model writes it: one blank after a colon and a comma, no line breaks."""
    return json.dumps(value, ensure_ascii=False)


def joined(names: list[str]) -> str:
    """The names as English text."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def random_object(random: Random) -> tuple[str, str]:
    """A request for an object with these members, and one."""
    names = keys(random, int(random.integers(1, 5)))
    return f"Make JSON with {joined(names)}.", compact({name: value(random, name, 1) for name in names})


def extraction(random: Random) -> tuple[str, str]:
    """A sentence with values, and an object that holds them."""
    name, item, city, colour = (word(random, kind) for kind in ("names", "items", "cities", "colours"))
    thing, place, count = word(random, "things"), word(random, "places"), int(random.integers(2, 100))
    text, found = pick(random, [
        (f"{name} has {count} {item}.", {"name": name, "count": count, "item": item}),
        (f"{name} lives in {city}.", {"name": name, "city": city}),
        (f"{name} is {count} years old and lives in {city}.", {"name": name, "age": count, "city": city}),
        (f"The {thing} in the {place} is {colour}.", {"thing": thing, "place": place, "colour": colour}),
        (f"There are {count} {item} in the {place}.", {"count": count, "item": item, "place": place}),
    ])
    chosen = [key for key in found if random.random() < 0.7] or list(found)
    return f"{text} JSON with {joined(chosen)}.", compact({key: found[key] for key in chosen})


def summary(random: Random) -> tuple[str, str]:
    """Two sentences, of which the first says what matters."""
    name, verb, thing, place = (word(random, kind) for kind in ("names", "verbs", "things", "places"))
    more = word(random, "ends").replace("_", " ")
    return f"Summarise: {name} {verb} the {thing} in the {place}. {more}", f"{name} {verb} the {thing}."


def repetition(random: Random) -> tuple[str, str]:
    """Words and made-up words to say again. Nothing teaches a small network sooner to look back for what it copies."""
    made = ["".join(chr(97 + int(letter)) for letter in random.integers(26, size=int(random.integers(2, 7)))) for _ in range(4)]
    known = [word(random, str(pick(random, ["names", "items", "cities", "colours", "animals", "things"]))) for _ in range(4)]
    chosen = [str(pick(random, [made, known])[index]) for index in range(int(random.integers(1, 5)))]
    return f"Repeat: {' '.join(chosen)}", " ".join(chosen)
