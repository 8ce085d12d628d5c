"""Packing: who sees whom, where tokens stand, what carries loss."""

import numpy as np
import pytest

from spatialvlm.train.packing import (
    IGNORED,
    PAD,
    Pointer,
    Segment,
    TokenRow,
    allowed,
    pack,
    pad_rows,
    pointer_table,
    shorten,
    unpack,
)

IMAGE = 9


def segment(*ids: int, answer: int, pointers: tuple[Pointer, ...] = ()) -> Segment:
    learnt = np.arange(len(ids)) >= len(ids) - answer
    return Segment(np.array(ids), learnt, pointers)


def pointer(place: int, *weights: float) -> Pointer:
    return Pointer(place, np.array(weights, np.float32), np.full(4, np.nan, np.float32))


ROW = TokenRow(
    np.array([1, IMAGE, IMAGE]),
    (segment(11, 12, 13, answer=1, pointers=(pointer(1, 0.25, 0.75),)), segment(21, 22, answer=1)),
)


def test_columns_of_a_row():
    packed = pack(ROW)
    assert packed.ids.tolist() == [1, 9, 9, 11, 12, 13, 21, 22]
    assert packed.labels.tolist() == [*[IGNORED] * 5, 13, IGNORED, 22]
    assert packed.segment.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert packed.position.tolist() == [0, 1, 2, 3, 4, 5, 3, 4]
    assert ROW.tokens == 8


def test_a_segment_sees_the_image_and_itself():
    filled = pad_rows([pack(ROW), pack(TokenRow(np.array([1]), (segment(5, 6, answer=1),)))], pad_id=0)
    sees = allowed(filled.segment[0])
    assert np.flatnonzero(sees[7]).tolist() == [0, 1, 2, 6, 7]
    assert np.flatnonzero(sees[4]).tolist() == [0, 1, 2, 3, 4]
    short = filled.segment[1]
    assert short.tolist() == [0, 1, 1, *[PAD] * 5]
    assert np.flatnonzero(allowed(short)[6]).tolist() == [6], "a row that sees nothing would be NaN"
    assert not allowed(short)[:3, 3:].any()


def test_one_by_one_is_the_same_questions():
    alone = [pack(one) for one in unpack(ROW)]
    assert [one.ids.tolist() for one in alone] == [[1, 9, 9, 11, 12, 13], [1, 9, 9, 21, 22]]
    assert [one.position.tolist() for one in alone] == [list(range(6)), list(range(5))]


def test_rows_that_are_too_long_lose_whole_questions():
    assert len(shorten(ROW, 8).segments) == 2
    assert len(shorten(ROW, 7).segments) == 1
    assert len(shorten(ROW, 2).segments) == 1


@pytest.mark.parametrize("rows", [[ROW, ROW], [TokenRow(np.array([1]), (segment(5, answer=1),)), ROW]])
def test_pointers_lie_where_their_tokens_do(rows):
    table = pointer_table(rows, IMAGE)
    filled = pad_rows([pack(row) for row in rows], 0)
    assert filled.ids[table.row, table.place].tolist() == [12] * len(table.row)
    assert table.weights[-1].tolist() == [0, 0.25, 0.75, 0, 0, 0, 0, 0]


def test_no_pointers_are_an_empty_table():
    table = pointer_table([TokenRow(np.array([1]), (segment(5, answer=1),))], IMAGE)
    assert table.weights.shape == (0, 2)
