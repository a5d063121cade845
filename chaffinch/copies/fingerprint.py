"""Fingerprints of a canonical text: SimHash, a FracMinHash sketch, and those of every longer paragraph.

Features are shingles: runs of three letters for SimHash and exact comparison, of five for the sketch, which must tell
unrelated texts apart. In a Chinese text a letter is a Han character or a digit; punctuation and the Latin script do
not count, so that neither lost punctuation nor pinyin in brackets changes anything. In any other text a word counts
as one letter. Every hash is plain integer arithmetic, the same on every machine and for every version of numpy.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np

from chaffinch.copies.paragraphs.prints import packed_bits, paragraphs
from chaffinch.items import Fingerprint
from chaffinch.text.shingles import MIN_SHINGLES, Hashes, Letters, _mix, distinct, letters, trigram_hashes

SKETCH_SIZE = 64  # of a text of which a tenth was cut out six are shared (measured: benchmarks/near_dup.py)
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)  # (byte, bit)


def simhash(features: Hashes) -> int:
    """Charikar's SimHash (2002) of features given by their hashes, signed: `simhash.Simhash(...).value`."""
    columns = features.astype(">u8").view(np.uint8).reshape(-1, 8) + np.arange(8, dtype=np.intp) * 256
    histogram = np.bincount(columns.ravel(), minlength=2048).reshape(8, 256)
    return int(packed_bits((histogram @ _BITS).ravel()[None, :], np.array([len(features)]))[0])


def _sketch(fives: Hashes) -> Hashes:
    """The SKETCH_SIZE smallest distinct values."""
    if len(fives) > 4 * SKETCH_SIZE:
        bound = np.uint64((3 * SKETCH_SIZE << 64) // len(fives))
        low = distinct(fives[fives < bound])
        if len(low) >= SKETCH_SIZE:
            return low[:SKETCH_SIZE].copy()
    return distinct(fives)[:SKETCH_SIZE].copy()


def fingerprint(canonical_text: str) -> Fingerprint:
    """The fingerprint of a canonical text."""
    units, ends = letters(canonical_text)
    trigrams = trigram_hashes(units)
    whole = _of_article(units, trigrams)
    return replace(whole, paragraphs=paragraphs(units, ends, trigrams), shingles=trigrams) if whole.digest else whole


def article_fingerprint(canonical_text: str) -> Fingerprint:
    """The fingerprint without paragraphs, which finding candidates does not need: faster."""
    return letters_fingerprint(letters(canonical_text)[0])


def letters_fingerprint(units: Letters) -> Fingerprint:
    """The same of a text's letters, as `text.shingles.letters` has them."""
    trigrams = trigram_hashes(units)
    return replace(_of_article(units, trigrams), shingles=trigrams)


def _of_article(units: Letters, trigrams: Hashes) -> Fingerprint:
    """The sketch is a FracMinHash (Irber et al. 2022): all hashes of five-letter shingles below a bound, which is
    set for each text so that SKETCH_SIZE of them stay. Two sketches are comparable below the smaller bound.

    Digests begin with the length, so that longer texts come first in their order: of ten thousand excerpts of a text
    each is compared with the text.
    """
    features = distinct(trigrams)
    if len(features) < MIN_SHINGLES:
        return Fingerprint(None, np.empty(0, dtype=np.uint64))
    fives = _mix(trigrams[:-2] ^ units[3:-1] ^ units[4:] << np.uint64(21))
    return Fingerprint(
        simhash=simhash(features),
        sketch=_sketch(fives),
        digest=bytes([64 - len(units).bit_length()]) + blake2b(units.astype("<u4").tobytes(), digest_size=15).digest(),
    )
