"""What dynamic AIPP does to one picture of a batch."""

from ascendc.sim.session import call, machine

from ._limits import check_within


@call("kbiiiiK")
def set_aipp_crop_params(aipp: int, switch: int, x: int, y: int, width: int, height: int, index: int) -> None:
    """``aclmdlSetAIPPCropParams``."""
    check_within("the switch", switch, 0, 1)
    given = {}
    if switch:
        for start in (x, y):
            check_within("the start", start, 0, 4095)
        for size in (width, height):
            check_within("the size", size, 1, 4096)
        given = {"load_start_pos_w": x, "load_start_pos_h": y, "crop_size_w": width, "crop_size_h": height}
    machine().aipps.get(aipp).one(index, crop=bool(switch), **given)


@call("kbiiiiK")
def set_aipp_padding_params(aipp: int, switch: int, top: int, bottom: int, left: int, right: int, index: int) -> None:
    """``aclmdlSetAIPPPaddingParams``."""
    check_within("the switch", switch, 0, 1)
    sides = {"top": top, "bottom": bottom, "left": left, "right": right} if switch else {}
    for size in sides.values():
        check_within("the border", size, 0, 32)
    given = {f"{side}_padding_size": size for side, size in sides.items()}
    machine().aipps.get(aipp).one(index, padding=bool(switch), **given)


@call("khhhhK")
def set_aipp_dtc_pixel_mean(aipp: int, first: int, second: int, third: int, fourth: int, index: int) -> None:
    """``aclmdlSetAIPPDtcPixelMean``: whole numbers."""
    values = (first, second, third, fourth)
    for value in values:
        check_within("the mean", value, 0, 255)
    named = {f"mean_chn_{channel}": value for channel, value in enumerate(values)}
    machine().aipps.get(aipp).one(index, **named)


@call("kffffK")
def set_aipp_dtc_pixel_min(aipp: int, first: float, second: float, third: float, fourth: float, index: int) -> None:
    """``aclmdlSetAIPPDtcPixelMin``."""
    values = (first, second, third, fourth)
    for value in values:
        check_within("the minimum", value, 0, 255)
    machine().aipps.get(aipp).one(index, **{f"min_chn_{channel}": value for channel, value in enumerate(values)})


@call("kffffK")
def set_aipp_pixel_var_reci(aipp: int, first: float, second: float, third: float, fourth: float, index: int) -> None:
    """``aclmdlSetAIPPPixelVarReci``."""
    values = (first, second, third, fourth)
    for value in values:
        check_within("the factor", value, -65504, 65504)
    named = {f"var_reci_chn_{channel}": (value,) for channel, value in enumerate(values)}
    machine().aipps.get(aipp).one(index, **named)
