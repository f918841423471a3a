"""The data sets of a run, with or without the files that cannot be used."""

import dataclasses
import functools
import json
from typing import Any

from keras_pixda.datasets import Finding, load
from keras_pixda.datasets.bad_files import SKIP
from keras_pixda.datasets.check import usable_pairs
from keras_pixda.datasets.data_check import DataCheck
from keras_pixda.datasets.data_error import DataError
from keras_pixda.datasets.files import collected_findings
from keras_pixda.datasets.header_check import HeaderCheck
from keras_pixda.datasets.same_pictures import same_pictures
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.progress import Progress
from keras_pixda.runs.data_settings import SOURCE
from keras_pixda.runs.inputs import INPUTS, changes_since, inputs
from keras_pixda.runs.read_json import read_json
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.settings import Settings
from keras_pixda.typing import FilePath
from keras_pixda.wrapped import wrapped

PAIRS = "pairs.json"
# What differs from pair to pair in a record.
_FIELDS = ("pairs", "cities", "ignore_masks")


class RunRecords:
    """Source, target, validation and maybe unlabelled records of a run.

    With `on_bad_file="skip"` every file is read once before the training and pairs
    that cannot be used are left out. Which are used is then written down and kept to,
    even if files change: positions in the records must not.

    Example:

    ```python
    import tempfile
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.runs import RunRecords, Settings

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=1, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes"
        )
        records = RunRecords(settings)
    assert len(records.source) == 1
    ```

    Args:
        settings: The `Settings` of the run.
        folder: Folder of the run if it is resumed. Defaults to `None`, a new one.
        verbose: Whether to show progress. Defaults to `True`.

    Attributes:
        source: `SegmentationRecord` of the source.
        target: Of the whole target training set.
        validation: Of the data to evaluate on.
        left_out: The `Finding` of every file that is left out, a list.

    Raises:
        DataError: If files cannot be used and are not to be skipped.
        ValueError: If all are unusable, the written list does not fit, or masks are
            missing.
    """

    def __init__(
        self, settings: Settings, folder: FilePath | None = None, verbose: bool = True
    ):
        self.settings = settings
        self.verbose = verbose
        self.skips = settings.data.on_bad_file == SKIP
        self.left_out = []
        parts = {
            "source": lambda: load(settings.data.source),
            "target": lambda: load(settings.data.target),
            "validation": settings.data.validation_record,
        }
        if settings.data.has_unlabelled:
            parts["unlabelled"] = settings.data.unlabelled_record
        if not self.skips:
            self.records = {name: make() for name, make in parts.items()}
        elif folder is not None and (folder / PAIRS).exists():
            self.records = self._read(folder / PAIRS, parts)
        else:
            self.records = {
                name: self._usable(name, make, verbose) for name, make in parts.items()
            }
        self.source, self.target, self.validation, *_ = self.records.values()
        self.source.require_masks()
        self.validation.require_masks()
        if self.unlabelled is not None and not self.unlabelled.classes:
            # Pictures of the target, which are cut as its others.
            cut = dataclasses.replace(self.unlabelled, crop=self.target.crop)
            self.records["unlabelled"] = cut

    @property
    def unlabelled(self) -> SegmentationRecord | None:
        """The record of the unlabelled target images, or `None`."""
        return self.records.get("unlabelled")

    @functools.cached_property
    def guard(self) -> SegmentationRecord | None:
        """The record of the data to guard by, `None` without and for the source's."""
        name = self.settings.data.guard
        return None if name in (None, SOURCE) else load(name, evaluation=True)

    @property
    def counted(self) -> SegmentationRecord:
        """What tells the shares of the classes: the target, if it has masks.

        Otherwise they are counted on the data to evaluate on.
        """
        return self.target if self.target.labelled else self.validation

    def _usable(self, name, make, verbose):
        with collected_findings() as lonely:
            record = make()
        progress = Progress(f"check {name}", len(record), verbose)
        usable, findings = usable_pairs(record, lambda done, _: progress(done))
        self.left_out += [*lonely, *findings]
        if not len(usable):
            raise ValueError(
                f"{record.name}: no pair can be used, such as {self.left_out[-1]}"
            )
        return usable

    def _read(self, path, parts):
        values, _ = read_json(path)
        records = {}
        try:
            self.left_out = [Finding(*finding) for finding in values["left_out"]]
            for name, make in parts.items():
                with collected_findings():
                    record = make()
                records[name] = dataclasses.replace(
                    record,
                    pairs=tuple(map(tuple, values[name]["pairs"])),
                    cities=tuple(values[name]["cities"]),
                    ignore_masks=tuple(values[name]["ignore_masks"]),
                )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{path}: does not hold the pairs of a run ({error!r}): begin it anew."
            ) from error
        return records

    def check_heads(self, labelled: SegmentationRecord) -> None:
        """Raise what would stop the run after its source-only phase, if heads show it.

        Those to guard by are read as a whole, since they would stop the run last. Where
        bad files are skipped all files have been read as a whole.

        Args:
            labelled: `SegmentationRecord` of the shots.

        Raises:
            DataError: If shots, unlabelled images or those to guard by or to evaluate
                on are unusable.
        """
        if self.skips:
            return
        for record in (labelled, self.unlabelled, self.guard, self.validation):
            check = DataCheck if record is self.guard else HeaderCheck
            found = check(record).by_pair if record else ()
            if findings := [finding for pair in found for finding in pair]:
                raise DataError(findings)

    def overlap(self, labelled: SegmentationRecord | None = None) -> str:
        """Warnings of what is trained or decided on and evaluated on; else no text.

        Args:
            labelled: `SegmentationRecord` of the shots. Defaults to `None`, none.
        """
        evaluated = self.validation, f"the {len(self.validation)} to evaluate on"
        pairs = [
            ("labelled", labelled, *evaluated),
            ("unlabelled", self.unlabelled, *evaluated),
            ("guard", self.guard, *evaluated),
            ("guard", self.guard, labelled, "the labelled ones"),
        ]
        warnings = []
        for kind, record, others, where in pairs:
            same = same_pictures(record, others) if record and others else []
            if same:
                text = (
                    f"Warning: {len(same)} of the {len(record)} {kind} images are "
                    f"among {where}, such as {record.pairs[same[0]][0]}: it is "
                    "measured on what it has seen."
                )
                warnings.append(wrapped(text))
        return "\n".join(warnings)

    def inputs(self, shots: SegmentationRecord | None = None) -> dict:
        """What `inputs.json` notes of the files of these records, and of the shots."""
        return inputs(self.records, shots, self.settings.data.shots_file)

    def expect_inputs(self, found: dict, folder: FilePath) -> None:
        """Raise a `ValueError` if a run in a folder was trained on other files.

        Where bad files are skipped it is only said: those that the run has noted as
        used stay in use.
        """
        changes = changes_since(folder, found)
        if changes and not self.skips:
            raise ValueError(
                f"{folder}: the data are not those that the run was trained on "
                f"({'; '.join(changes)}): bring the files back, or begin anew "
                "(--overwrite)."
            )
        if changes and self.verbose:
            print(f"Since the run began: {'; '.join(changes)}.")

    def write(self, folder: RunFolder, found: dict | None = None) -> None:
        """Note in the folder of the run, a `RunFolder`, which files are used.

        Args:
            folder: The open folder.
            found: What `inputs` gave. Defaults to `None`, it is asked.
        """
        if not folder.has(INPUTS):
            folder.write(INPUTS, self.inputs() if found is None else found)
        if self.skips and not folder.has(PAIRS):
            facts = {
                name: {field: getattr(record, field) for field in _FIELDS}
                for name, record in self.records.items()
            }
            facts["left_out"] = self.left_out
            folder.write(PAIRS, json.dumps(facts, indent=1) + "\n")

    def report(self, *datasets: Any) -> str:
        """Lines that list the files left out, here and later by data sets."""
        found = [*self.left_out, *(f for data in datasets for f in data.left_out)]
        found = list(dict.fromkeys(found))
        if not found:
            return "No file was left out." if self.skips else ""
        return "\n".join([f"Left out, {len(found)} files:", *map(str, found)])

    def write_report(self, folder: RunFolder, *datasets: Any) -> str:
        """Write those lines, if any, to the folder of the run, and return them."""
        text = self.report(*datasets)
        if text:
            folder.write("left_out.txt", f"{text}\n")
        return text
