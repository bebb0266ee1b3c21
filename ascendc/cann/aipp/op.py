"""One ``aipp_op`` block, typed."""

from __future__ import annotations

from dataclasses import dataclass

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class AippOp:
    """The fields of a block under the names and with the types of the file (GE, insert_op.proto).

    What each does is in ``data/aipp.json`` and docs/aipp.md. A field that is not set has proto3's zero, which GE cannot
    tell from a zero that is written. Fields that are declared repeated are tuples: empty when not set, and GE refuses
    more than one value.
    """

    aipp_mode: str = ""
    """``static`` or ``dynamic``; a number where the file names none of them; empty: not set."""
    related_input_rank: int = 0
    related_input_name: str = ""
    input_edge_idx: tuple[int, ...] = ()
    max_src_image_size: int = 0
    support_rotation: bool = False
    input_format: str = ""
    """A name of `table.formats`, a number that has none, or empty: not set."""
    csc_switch: bool = False
    rbuv_swap_switch: bool = False
    ax_swap_switch: bool = False
    single_line_mode: bool = False
    src_image_size_w: int = 0
    src_image_size_h: int = 0
    crop: bool = False
    load_start_pos_w: int = 0
    load_start_pos_h: int = 0
    crop_size_w: int = 0
    crop_size_h: int = 0
    resize: bool = False
    resize_output_w: int = 0
    resize_output_h: int = 0
    padding: bool = False
    left_padding_size: int = 0
    right_padding_size: int = 0
    top_padding_size: int = 0
    bottom_padding_size: int = 0
    padding_value: float = 0.0
    cpadding_value: float = 0.0
    mean_chn_0: int = 0
    mean_chn_1: int = 0
    mean_chn_2: int = 0
    mean_chn_3: int = 0
    min_chn_0: float = 0.0
    min_chn_1: float = 0.0
    min_chn_2: float = 0.0
    min_chn_3: float = 0.0
    var_reci_chn_0: tuple[float, ...] = ()
    var_reci_chn_1: tuple[float, ...] = ()
    var_reci_chn_2: tuple[float, ...] = ()
    var_reci_chn_3: tuple[float, ...] = ()
    matrix_r0c0: tuple[int, ...] = ()
    matrix_r0c1: tuple[int, ...] = ()
    matrix_r0c2: tuple[int, ...] = ()
    matrix_r1c0: tuple[int, ...] = ()
    matrix_r1c1: tuple[int, ...] = ()
    matrix_r1c2: tuple[int, ...] = ()
    matrix_r2c0: tuple[int, ...] = ()
    matrix_r2c1: tuple[int, ...] = ()
    matrix_r2c2: tuple[int, ...] = ()
    input_bias_0: tuple[int, ...] = ()
    input_bias_1: tuple[int, ...] = ()
    input_bias_2: tuple[int, ...] = ()
    output_bias_0: tuple[int, ...] = ()
    output_bias_1: tuple[int, ...] = ()
    output_bias_2: tuple[int, ...] = ()
    raw_rgbir_to_f16_n: int = 0

    @property
    def mean(self) -> tuple[int, ...]:
        """``mean_chn_0`` to ``_3``: whole numbers."""
        return self.mean_chn_0, self.mean_chn_1, self.mean_chn_2, self.mean_chn_3

    @property
    def minimum(self) -> tuple[float, ...]:
        """``min_chn_0`` to ``_3``."""
        return self.min_chn_0, self.min_chn_1, self.min_chn_2, self.min_chn_3

    @property
    def reciprocal(self) -> tuple[float, ...]:
        """``var_reci_chn_0`` to ``_3``; 1 where it is not set (kernel of CANN 8.1)."""
        given = (self.var_reci_chn_0, self.var_reci_chn_1, self.var_reci_chn_2, self.var_reci_chn_3)
        return tuple(values[-1] if values else 1.0 for values in given)

    @property
    def matrix(self) -> tuple[Triple, Triple, Triple]:
        """The matrix that counts: where a coefficient is not set, the kernel of CANN 8.1 takes YUV→BGR's, BT.601."""
        given = (
            (self.matrix_r0c0, self.matrix_r0c1, self.matrix_r0c2),
            (self.matrix_r1c0, self.matrix_r1c1, self.matrix_r1c2),
            (self.matrix_r2c0, self.matrix_r2c1, self.matrix_r2c2),
        )
        return (
            _filled(given[0], (298, 516, 0)),
            _filled(given[1], (298, -100, -208)),
            _filled(given[2], (298, 0, 409)),
        )

    @property
    def input_bias(self) -> Triple:
        """Subtracted before the matrix where the source is YUV; 16, 128, 128 where not set."""
        return _filled((self.input_bias_0, self.input_bias_1, self.input_bias_2), (16, 128, 128))

    @property
    def output_bias(self) -> Triple:
        """Added after the matrix where the source is RGB; 16, 128, 128 where not set."""
        return _filled((self.output_bias_0, self.output_bias_1, self.output_bias_2), (16, 128, 128))

    @property
    def border(self) -> tuple[int, int]:
        """Rows and columns that padding adds; 0 without it."""
        if not self.padding:
            return 0, 0
        return self.top_padding_size + self.bottom_padding_size, self.left_padding_size + self.right_padding_size


def _filled(given: tuple[tuple[int, ...], ...], otherwise: Triple) -> Triple:
    first, second, third = (values[-1] if values else default for values, default in zip(given, otherwise, strict=True))
    return first, second, third


MATRIX = tuple(f"matrix_r{row}c{column}" for row in range(3) for column in range(3))
"""The names of the matrix's fields, row by row."""

BIASES = tuple(f"{side}_bias_{channel}" for side in ("input", "output") for channel in range(3))
"""The names of the biases' fields."""
