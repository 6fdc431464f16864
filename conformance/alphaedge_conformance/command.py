"""What every command of the kit shares: its exit code for wrong usage, and the end of its output."""

from __future__ import annotations

import argparse
import os
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Wrong usage is exit code 4."""

    def error(self, message: str) -> NoReturn:
        self.exit(4, f"{self.prog}: {message}; see {self.prog} --help\n")


def no_more_output() -> None:
    """Whoever reads standard output has read enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
