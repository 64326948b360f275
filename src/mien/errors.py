"""The error tree: every error mien raises on purpose, each also a fitting built-in error."""

from __future__ import annotations


class MienError(Exception):
    """Base of every error that mien raises on purpose."""


class InputError(MienError, ValueError):
    """An argument is not what the function asks for."""


class ArrayError(InputError):
    """An array has the wrong shape, dtype or values."""


class ImageReadError(InputError):
    """A picture cannot be read or decoded."""


class ImageNotFoundError(ImageReadError, FileNotFoundError):
    """No file stands at the given path."""


class ImageTooLargeError(ImageReadError):
    """A picture's header announces more pixels than the limit allows."""


class VideoReadError(InputError):
    """A video, stream or camera cannot be opened or decoded."""


class DatasetError(InputError):
    """A data set's files are not what its layout says; the message names file and line."""


class NoFaceError(MienError, ValueError):
    """A face was required and none was found."""


class SeveralFacesError(MienError, ValueError):
    """Exactly one face was required and several were found."""


class TemplateMismatchError(MienError, ValueError):
    """Templates of different models were about to be compared."""


class ModelError(MienError, ValueError):
    """A model's specification or weight file is not usable."""


class ModelNotFoundError(ModelError, LookupError):
    """No installed model has the name, or none does the task."""


class DeviceError(MienError, ValueError):
    """The inference device that was asked for is not there."""


class BusyError(MienError, RuntimeError):
    """Too much is waiting already; ``retry_after_s`` says when to try again, about."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AccessError(MienError, PermissionError):
    """A key is missing, unknown, or does not allow what was asked."""


class MissingExtraError(MienError, ImportError):
    """An optional dependency is needed; the message says what to install."""


class GalleryError(MienError, RuntimeError):
    """A gallery cannot do what was asked: full disk, missing rights, unusable folder."""


class GalleryBusyError(GalleryError, TimeoutError):
    """Another process held the gallery for longer than the time that was allowed."""


class GalleryDamagedError(GalleryError):
    """The gallery's files are not what mien wrote; the message says how to restore them."""


class GalleryKeyError(GalleryError, ValueError):
    """The key of an encrypted gallery is missing, malformed or not the right one."""


class GalleryMismatchError(GalleryError, TemplateMismatchError):
    """Templates do not fit the model, dimension or metric that a gallery is pinned to."""


class GalleryNotFoundError(GalleryError, LookupError):
    """No gallery, subject or reference has the given path or id."""


class GalleryConflictError(GalleryError, ValueError):
    """What was to be changed is no longer as the caller saw it; look again."""


class ConsentError(GalleryError, ValueError):
    """A person opted out, or the consent that was given has expired: nothing is enrolled."""
