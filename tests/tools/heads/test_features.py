"""Labels and the split, as the data's README prescribes them."""

import numpy as np

from mien.tasks.ancestry import ANCESTRIES
from mien.tasks.gender import GENDERS
from tools.heads.features import Features, in_report_split


def test_the_split_is_the_prescribed_one():
    # Written with: int(hashlib.sha1(name.encode()).hexdigest(), 16) % 5 == 0
    names = [f"{age}_1_2_2017.jpg.chip.jpg" for age in range(30)]
    expected = [18, 24, 25, 29]
    assert [age for age, name in enumerate(names) if in_report_split(name)] == expected


def test_labels_come_from_the_file_name():
    files = np.array(["26_1_3_20170104165243124.jpg.chip.jpg", "1_0_4_2.jpg.chip.jpg"])
    none = np.zeros((2, 0), np.float32)
    features = Features(files, np.array([True, False]), none, none, none)
    assert features.years.tolist() == [26, 1]
    assert [GENDERS[index] for index in features.gender] == ["female", "male"]
    assert [ANCESTRIES[index] for index in features.ancestry] == ["indian", "other"]
    assert features[features.found].name.tolist() == ["26_1_3_20170104165243124.jpg.chip.jpg"]
