"""The measurements of a run for TensorBoard, where it is installed."""

from pathlib import Path
from typing import Any


class Board:
    """Writes each row once, also when a run is taken up again.

    Args:
        path: folder of the run
        after: rows up to this step are written already
    """

    def __init__(self, path: Path, after: int):
        self.path, self.after = path, after
        self.writer: Any = None

    def write(self, head: list[str], lines: list[list[float]]) -> None:
        """The rows that are new, each number under the name of its column.

        Args:
            head: names of the columns, the first is ``step``
            lines: all rows so far

        Raises:
            OSError: they cannot be written, such as on a full disk
        """
        if self.writer is None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:  # without the extra `runs` there is metrics.csv alone
                return
            self.writer = SummaryWriter(str(self.path), purge_step=self.after + 1 if self.after else None)
        try:
            for step, *values in lines:
                if step > self.after:
                    self.after = int(step)
                    for name, value in zip(head[1:], values, strict=True):
                        if value == value:
                            self.writer.add_scalar(name.replace("[", "/member").rstrip("]"), value, int(step))
            self.writer.flush()
        except OSError as error:
            self.writer = None
            reason = f"events for TensorBoard cannot be written in {self.path}, state.pt and metrics.csv are"
            raise type(error)(error.errno, f"{reason}: {error.strerror}") from error

    def close(self) -> None:
        """Nothing more comes."""
        if self.writer is not None:
            self.writer.close()
