"""OULU-NPU, Replay-Attack, MSU-MFSD, CASIA-FASD and SiW: videos whose names say what attacks.

Each keeps its facts in the names of folders and files: a pattern with named groups reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from mien.data.dataset import register
from mien.data.folder import Folder, sorted_files
from mien.data.rows import split_lines
from mien.data.sample import VIDEO_SUFFIXES, Label, Sample
from mien.data.splits import refuse_shared_subjects
from mien.errors import DatasetError


class AttackVideos(Folder):
    """Every video below a split's folder, read by the ``pattern`` of its path there.

    The pattern's group ``subject`` is the subject; its other groups become labels, except those
    that ``attack_of`` turns into the species.
    """

    pattern: ClassVar[str]
    example: ClassVar[str]

    def attack_of(self, found: dict[str, str | None]) -> str:
        """Take what says the species out of the groups and return it."""
        raise NotImplementedError

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the videos of one split, sorted by path."""
        folder = self.root / self.files[split]
        for path in _videos(folder):
            yield self.sample_of(path, path.relative_to(folder).as_posix())

    def sample_of(self, path: Path, place: str) -> Sample:
        """Return the sample of a video by its path below the split's folder."""
        match = re.fullmatch(self.pattern, place)
        if match is None:
            raise DatasetError(f"{path}: expected a name like {self.example}")
        found: dict[str, str | None] = match.groupdict()
        subject = found.pop("subject")
        labels: dict[str, Label] = {"attack": self.attack_of(found)}
        labels |= {name: value for name, value in found.items() if value is not None}
        return Sample(self.id_of(path), path, subject_id=subject, labels=labels)


@register
class OuluNpu(AttackVideos):
    """``{Train,Dev,Test}_files/<phone>_<session>_<user>_<file>.avi``.

    File 1 is the person, 2 and 3 are prints, 4 and 5 replays of two printers and two screens. The
    four protocols choose by phone, session and attack, which are labels.
    """

    name = "oulu-npu"
    title = "OULU-NPU"
    source = "sites.google.com/site/oulunpudatabase (readme)"
    gives = ("subject_id", "video", "attack", "phone", "session")
    files = {"train": "Train_files", "dev": "Dev_files", "test": "Test_files"}
    pattern = r"(?P<phone>[1-6])_(?P<session>[1-3])_(?P<subject>\d+)_(?P<file>[1-5])\.avi"
    example = "1_1_01_1.avi"
    species = ("bona_fide", "print_1", "print_2", "replay_1", "replay_2")

    def attack_of(self, found: dict[str, str | None]) -> str:
        """Return the species by the number of the file."""
        return self.species[int(found.pop("file") or 0) - 1]


@register
class ReplayAttack(AttackVideos):
    """Below ``train``, ``devel``, ``test``: ``real``, ``attack/fixed`` and ``attack/hand``.

    Names: ``client001_session01_webcam_authenticate_adverse_1.mov``,
    ``attack_print_client001_session01_highdef_photo_adverse.mov``.
    """

    name = "replay-attack"
    title = "Replay-Attack"
    source = "www.idiap.ch/en/scientific-research/data/replayattack (README); bob.db.replay"
    gives = ("subject_id", "video", "attack", "support", "light")
    files = {"train": "train", "dev": "devel", "test": "test"}
    pattern = (
        r"(?:real|attack/(?P<support>fixed|hand))/(?:attack_(?P<device>print|mobile|highdef)_)?"
        r"client(?P<subject>\d+)_session\d+_(?:webcam_authenticate|(?:highdef|mobile)_(?P<medium>"
        r"photo|video))_(?P<light>adverse|controlled)(?:_\d)?\.mov"
    )
    example = "attack/hand/attack_print_client001_session01_highdef_photo_adverse.mov"

    def attack_of(self, found: dict[str, str | None]) -> str:
        """Return what was shown on which device."""
        device, medium = found.pop("device"), found.pop("medium")
        return "bona_fide" if device is None else f"{device}_{medium}"


@register
class MsuMfsd(AttackVideos):
    """Below ``scene01``: ``real/real_client001_android_SD_scene01.mp4`` and ``attack``.

    There the names are ``attack_client001_android_SD_ipad_video_scene01.mp4``.
    ``train_sub_list.txt`` and ``test_sub_list.txt`` list the clients, a number a line.
    """

    name = "msu-mfsd"
    title = "MSU-MFSD"
    source = "biometrics.cse.msu.edu/Publications/Databases/MSUMobileFaceSpoofing (readme)"
    gives = ("subject_id", "video", "attack", "camera")
    files = {split: f"{split}_sub_list.txt" for split in ("train", "test")}
    needs = ("scene01",)
    pattern = (
        r"(?:real|attack)/(?:real|attack)_client(?P<subject>\d+)_(?P<camera>android|laptop)_SD"
        r"(?:_(?P<species>ipad_video|iphone_video|printed_photo))?_scene01\.(?:mp4|mov)"
    )
    example = "attack/attack_client001_android_SD_ipad_video_scene01.mp4"

    def attack_of(self, found: dict[str, str | None]) -> str:
        """Return the species by its name."""
        species = found.pop("species")
        return "bona_fide" if species is None else species

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the videos of the clients of one split."""
        lists = {part: self._clients(part) for part in self.files}
        refuse_shared_subjects(lists)
        folder = self.root / "scene01"
        for path in _videos(folder):
            sample = self.sample_of(path, path.relative_to(folder).as_posix())
            if sample.subject_id in lists[split]:
                yield sample

    def _clients(self, split: str) -> set[str]:
        path = self.root / self.files[split]
        return {f"{row.integer(0):03d}" for row in split_lines(path, cells=1)}


@register
class CasiaFasd(AttackVideos):
    """``{train,test}_release/<person>/{1..8,HR_1..HR_4}.avi``.

    Of each person 1, 2 and HR_1 are real; 3, 4, HR_2 a warped photo; 5, 6, HR_3 a photo with cut
    out eyes; 7, 8, HR_4 a video. The people of the two folders differ, whatever their numbers.
    """

    name = "casia-fasd"
    title = "CASIA-FASD"
    source = "www.cbsr.ia.ac.cn CASIA-FASD; Zhang et al., ICB 2012, table 1"
    gives = ("subject_id", "video", "attack", "quality")
    files = {split: f"{split}_release" for split in ("train", "test")}
    pattern = r"(?P<subject>\d+)/(?P<file>[1-8]|HR_[1-4])\.avi"
    example = "1/HR_1.avi"
    species = ("bona_fide", "warped_photo", "cut_photo", "video")

    def attack_of(self, found: dict[str, str | None]) -> str:
        """Return the species by the number of the file, and keep the quality."""
        file = found.pop("file") or ""
        high = file.startswith("HR_")
        number = int(file[-1])
        found["quality"] = "high" if high else "low" if number % 2 else "normal"
        return self.species[number - 1 if high else (number - 1) // 2]

    def sample_of(self, path: Path, place: str) -> Sample:
        """Return the sample, with the folder in the name of the subject."""
        sample = super().sample_of(path, place)
        subject = f"{path.parent.parent.name}/{sample.subject_id}"
        return Sample(sample.sample_id, path, subject_id=subject, labels=sample.labels)


@register
class Siw(AttackVideos):
    """``{Train,Test}/{live,spoof}/003/003-1-2-1-1.mov``: subject, sensor, type, medium, session.

    Type 1 is the person, 2 a print, 3 a replay.
    """

    name = "siw"
    title = "SiW"
    source = "cvlab.cse.msu.edu/siw-spoof-in-the-wild-database.html (readme)"
    gives = ("subject_id", "video", "attack", "sensor", "session")
    files = {"train": "Train", "test": "Test"}
    pattern = (
        r"(?:live|spoof)/\d+/(?P<subject>\d+)-(?P<sensor>\d)-(?P<type>[123])-(?P<medium>\d)"
        r"-(?P<session>\d)\.(?:mov|mp4)"
    )
    example = "spoof/003/003-1-2-1-1.mov"

    def attack_of(self, found: dict[str, str | None]) -> str:
        """Return the type, with the number of the medium."""
        kind, medium = found.pop("type"), found.pop("medium")
        return {"1": "bona_fide", "2": f"print_{medium}", "3": f"replay_{medium}"}[kind or ""]


def _videos(folder: Path) -> list[Path]:
    return [path for path in sorted_files(folder, "**/*") if path.suffix.lower() in VIDEO_SUFFIXES]
