"""Texts to compare: made of letters at random, so that nothing but copying makes two alike."""

import random


def article(seed: int, letters: int = 600) -> str:
    """An article of paragraphs of 60 letters; the same for the same seed."""
    chance = random.Random(seed)
    text = "".join(chr(chance.randrange(0x4E00, 0x6E00)) for _ in range(letters))
    return "\n".join(text[start : start + 60] for start in range(0, letters, 60))


def spin(text: str, share: float, seed: int) -> str:
    """The text with a share of its letters replaced."""
    chance = random.Random(seed)
    return "".join(
        chr(chance.randrange(0x6E00, 0x9000)) if letter != "\n" and chance.random() < share else letter
        for letter in text
    )


def shuffle(text: str, seed: int) -> str:
    """The text with its paragraphs in another order."""
    lines = text.split("\n")
    random.Random(seed).shuffle(lines)
    return "\n".join(lines)


def half(text: str) -> str:
    """The first half of the paragraphs."""
    lines = text.split("\n")
    return "\n".join(lines[: len(lines) // 2])


def splice(one: str, other: str) -> str:
    """The first half of each text, one after the other."""
    return f"{half(one)}\n{half(other)}"
