"""Fit what names tell of the answers, and write the table that `phrase` balances its questions with.

    python benchmarks/fit_names.py [--dataset DATASET ...] [--work FOLDER] [--rooms 1000] [--seed 77] [--out TABLE]

Without a dataset it makes one of rooms, as benchmarks/blind.py does, of another seed than the rooms that are tested on.

The facts of a room that can be asked are kept with the odds min(1, exp(-m)) of their margin m, a sum of weights of the
words in their names (pipeline/phrase/what_names_tell.py). The weights minimise the sum of f(m) with f(m) = exp(-m) for
m > 0, else 1 - m, plus a penalty on their squares. The slope of f is minus those odds: so where the sum is least, what
is kept of the facts leans to neither side by any word, whether or not the names follow the model. "About the same" is
kept so that its share among what is kept is the same by any word. Comparisons of sizes begin with the sizes that words
mean, a regression of their logarithms, since that takes fewer rooms to know. Penalties are chosen, quantity by
quantity, by a fifth of the rooms.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from jaxtyping import Bool, Float64, Int
from scipy.optimize import minimize
from scipy.sparse.linalg import lsqr

import spatialvlm.pipeline.phrase
from blind import make_dataset
from spatialvlm.dataset import read_dataset
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import references_of
from spatialvlm.pipeline.phrase.sampling import askable
from spatialvlm.pipeline.phrase.what_names_tell import SAME, features_of, leanings_of
from spatialvlm.records import Facts, Scene

TABLE = Path(spatialvlm.pipeline.phrase.__file__).with_name("what_names_tell.tsv")
MOST_OF_A_KIND = 40
LEAST_FACTS = (2, 20)  # of a word, of a pair or clause
SIMILAR = 0.1
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
OF_PAIRS = 3.0
SMALL = 0.05

Weights = Float64[np.ndarray, " w"]


@dataclass(slots=True)
class Book:
    """The facts of one kind in all rooms, as far as names have to do with them: what each takes of which feature."""

    rooms: list[int] = field(default_factory=list)
    even: list[bool] = field(default_factory=list)
    entries: list[tuple[int, str, str, float]] = field(default_factory=list)  # row, column, feature, weight

    def add(
        self, facts: Facts, rows: Int[np.ndarray, " m"], names: Sequence[str], room: int, places: dict[str, int]
    ) -> None:
        """Add the facts of a room."""
        first = len(self.rooms)
        self.rooms += [room] * len(rows)
        self.even += (facts.outcome[rows] == 0).tolist()
        columns = list(places)
        for leaning in leanings_of(facts, rows, places):
            words = [features_of(name) for name in names] if leaning.words is None else [(w,) for w in leaning.words]
            of = (leaning.rows, leaning.objects, leaning.columns, leaning.weights)
            for row, thing, column, weight in zip(*(values.tolist() for values in of)):
                if thing >= 0 and weight:
                    self.entries += [(first + row, columns[column], word, weight) for word in words[thing]]


@dataclass(slots=True)
class Sizes:
    """The size of things, where they are seen whole: by quantity names and numbers, lengths as logarithms."""

    names: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, scene: Scene, names: Sequence[str]) -> None:
        """Add the things in a room."""
        for thing, name in zip(scene.objects, names):
            if name and not (thing.truncated or thing.occluded or thing.bottom == "hidden"):
                extent = np.log(thing.box.high_in_world - thing.box.low_in_world)
                for quantity, value in (("width", extent[0]), ("height", extent[2]), ("size", extent.mean())):
                    self.names.setdefault(quantity, []).append(name)
                    self.values.setdefault(quantity, []).append(float(value))

    def of(self, quantity: str, features: Sequence[str]) -> Weights:
        """Fit the sizes that words mean, in standard deviations; nothing for what is no size."""
        if quantity not in self.values:
            return np.zeros(len(features))
        at = {word: i for i, word in enumerate(features)}
        found = [(row, at[w]) for row, name in enumerate(self.names[quantity]) for w in features_of(name) if w in at]
        rows, places = zip(*found)
        values = np.array(self.values[quantity])
        matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, places)), (len(values), len(at)))
        return lsqr(matrix, (values - values.mean()) / values.std(), damp=1.0)[0]


def columns_of() -> dict[str, list[str]]:
    """List the columns by the kind whose facts they are fitted on: the first that has them."""
    found: dict[str, list[str]] = {}
    for kind in KINDS.values():
        if kind.form.compares:
            columns = [kind.quantity, SAME + kind.quantity]
        else:
            few, many = np.zeros(1, np.int8), np.array([4 if kind.listed else 0])
            columns = [one.column for one in kind.form.leanings(kind, few, many)]
        columns = [one for one in dict.fromkeys(columns) if not any(one in others for others in found.values())]
        if columns:
            found[kind.name] = columns
    return found


def collected(folders: Sequence[Path]) -> tuple[dict[str, Book], Sizes]:
    """Gather the facts of the kinds that names have to do with."""
    kinds = columns_of()
    places = {column: place for place, column in enumerate(one for some in kinds.values() for one in some)}
    books, rng = {name: Book() for name in kinds}, np.random.default_rng(0)
    order, sizes = list(KINDS), Sizes()
    scenes = (scene for folder in folders for scene, _ in read_dataset(folder).scenes(images=False))
    for room, scene in enumerate(scenes):
        references, facts = references_of(scene), measure(scene, kinds=tuple(kinds))
        names = [one.phrase or "" for one in references]
        sizes.add(scene, names)
        rows, _ = askable(facts, references, frozenset(kinds))
        for name, book in books.items():
            own = rows[facts.kind[rows] == order.index(name)]
            if KINDS[name].form.compares:
                own = own[facts.subjects[own, 0] < facts.subjects[own, 1]]
            book.add(facts, rng.permutation(own)[:MOST_OF_A_KIND], names, room, places)
    return books, sizes


class Design:
    """The margins of the facts of one book as a matrix, for some columns: facts by features."""

    def __init__(self, book: Book, columns: Sequence[str], features: Sequence[str]) -> None:
        self.at = {key: i for i, key in enumerate((column, word) for column in columns for word in features)}
        found = [(row, self.at[c, w], x) for row, c, w, x in book.entries if (c, w) in self.at]
        rows, places, weights = zip(*found) if found else ((), (), ())
        self.matrix = sparse.csr_matrix((weights, (rows, places)), (len(book.rooms), len(self.at)))


def odds(margin: Float64[np.ndarray, " f"]) -> Float64[np.ndarray, " f"]:
    """Say how likely facts are to be kept."""
    return np.exp(-np.maximum(margin, 0.0))


def loss(margin: Float64[np.ndarray, " f"]) -> Float64[np.ndarray, " f"]:
    """Compute f."""
    return np.where(margin > 0, odds(margin), 1.0 - margin)


@dataclass(frozen=True, slots=True)
class Problem:
    """Margins to be fitted: facts by features, which of them are of late rooms, and what is known beforehand.

    `pull` is what "about the same" is held against, facts by features: the decided facts that are kept. `meant` are
    weights that may be taken over at any scale without a penalty.
    """

    matrix: Any  # sparse
    late: Bool[np.ndarray, " f"]
    pairs: Bool[np.ndarray, " w"]
    pull: Any  # sparse
    pull_late: Bool[np.ndarray, " p"]
    meant: Weights

    def cost(self, weights: Weights, where: Bool[np.ndarray, " f"], pulled: Bool[np.ndarray, " p"]) -> float:
        """Compute the sum of f for some of the facts."""
        return float(loss(self.matrix[where] @ weights).sum() + (self.pull[pulled] @ weights).sum())

    def fitted(self, penalty: float, where: Bool[np.ndarray, " f"], pulled: Bool[np.ndarray, " p"]) -> Weights:
        """Find the weights that cost least for some of the facts."""
        matrix: Any = self.matrix[where]
        matrix = sparse.hstack([matrix, sparse.csr_matrix((matrix @ self.meant)[:, None])]).tocsr()
        pull = np.append(np.asarray(self.pull[pulled].sum(axis=0)).ravel(), 0.0)
        strength = np.append(penalty * np.where(self.pairs, OF_PAIRS, 1.0), 1e-3)
        back = matrix.T.tocsr()

        def value(weights: Weights) -> tuple[float, Weights]:
            margin = matrix @ weights
            total = loss(margin).sum() + np.sum(pull * weights) + np.sum(strength * weights**2) / 2
            return float(total), pull - back @ odds(margin) + strength * weights

        start = np.zeros(len(strength))
        found = minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
        return found[:-1] + found[-1] * self.meant

    def best(self, name: str) -> Weights:
        """Fit with the penalty that is best for the late rooms, or nothing where nothing helps; say how it went."""
        tried = [(float(self.late.sum()), np.inf)]
        for penalty in PENALTIES:
            weights = self.fitted(penalty * 0.8, ~self.late, ~self.pull_late)
            tried.append((self.cost(weights, self.late, self.pull_late), penalty))
        cost, penalty = min(tried)
        if penalty == np.inf:
            weights = np.zeros(self.matrix.shape[1])
        else:
            weights = self.fitted(penalty, np.ones_like(self.late), np.ones_like(self.pull_late))
        kept, mean = odds(self.matrix @ weights).mean(), cost / max(1, self.late.sum())
        print(f"{name:24} {len(self.late):6} facts: penalty {penalty:5g}, f {mean:.3f}, kept {kept:.2f}", flush=True)
        return weights


def fit(name: str, book: Book, sizes: Sizes, columns: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """Fit the columns of a kind: column, feature and weight."""
    seen = Counter(word for _, _, word, _ in book.entries)
    features = [word for word, count in seen.items() if count >= LEAST_FACTS[" " in word]]
    rooms, even, kind = np.array(book.rooms), np.array(book.even), KINDS[name]
    late = rooms % 5 == 4
    compares = kind.form.compares
    chosen = columns[:1] if compares else columns
    design = Design(book, chosen, features)
    pairs = np.tile([" " in word for word in features], len(chosen))
    rows = ~even if compares else np.ones_like(even)
    none = sparse.csr_matrix((0, len(pairs)))
    meant = np.tile(sizes.of(kind.given_away_by, features), len(chosen))
    weights = Problem(design.matrix[rows], late[rows], pairs, none, late[:0], meant).best(chosen[0])
    yield from ((column, word, weights[i]) for (column, word), i in design.at.items())
    if not compares or even.mean() < SIMILAR:  # too few are about the same to learn from
        return
    # Of decided facts both names count alike: their features without the signs, weighted by how likely they stay.
    kept = sparse.diags(odds(design.matrix @ weights)[~even] * (SIMILAR / (1 - SIMILAR)))
    both = Design(book, columns[1:], features)
    pull = (kept @ abs(design.matrix[~even])).tocsr()
    weights = Problem(both.matrix[even], late[even], pairs, pull, late[~even], np.zeros(len(pairs))).best(columns[1])
    yield from ((column, word, weights[i]) for (column, word), i in both.at.items())


def write(found: Sequence[tuple[str, str, float]], path: Path) -> None:
    """Write the table: words by columns, nothing where a word tells nothing."""
    columns = list(dict.fromkeys(column for column, _, _ in found))
    cells: dict[str, dict[str, float]] = {}
    for column, word, weight in found:
        if abs(weight) >= SMALL:
            cells.setdefault(word, {})[column] = weight
    lines = [["word", *columns]]
    lines += [[word, *(f"{own[c]:.2f}" if c in own else "" for c in columns)] for word, own in sorted(cells.items())]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    print(f"{path}: {len(cells)} words, {path.stat().st_size} bytes")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, nargs="+")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folders = options.dataset or [(options.work or Path(temporary)) / "fit-rooms"]
        if not options.dataset and not (folders[0] / "dataset.json").exists():
            make_dataset(folders[0], options.rooms, options.seed)
        (books, sizes), columns = collected(folders), columns_of()
    found = [cell for name, book in books.items() for cell in fit(name, book, sizes, columns[name])]
    write(found, options.out)


if __name__ == "__main__":
    main()
