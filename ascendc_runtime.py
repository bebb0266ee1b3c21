"""The runtime by the name that it has in a bundle, so that a device half imports it alike here and there."""

from ascendc.runtime import Answer as Answer
from ascendc.runtime import ImageLike as ImageLike
from ascendc.runtime import InputError as InputError
from ascendc.runtime import PictureError as PictureError
from ascendc.runtime import Preprocessing as Preprocessing
from ascendc.runtime import Session as Session
from ascendc.runtime import SessionError as SessionError
from ascendc.runtime import TensorSpec as TensorSpec
from ascendc.runtime import ahead as ahead
from ascendc.runtime import name_of as name_of
from ascendc.runtime import pictures_in as pictures_in
from ascendc.runtime import read_arrays as read_arrays
from ascendc.runtime import shape_text as shape_text
from ascendc.runtime import write_npz as write_npz
