"""What numbers and texts of the documents are, in the words of JSON Schema."""

from __future__ import annotations

from typing import Annotated

Count = Annotated[int, {"minimum": 0}]
Number = Annotated[int, {"minimum": 1}]
Amount = Annotated[float, {"minimum": 0}]
Seconds = Annotated[float, {"minimum": 0}]
Time = Annotated[str, {"format": "date-time"}]
Pointer = Annotated[str, {"format": "json-pointer"}]
Share = Annotated[float, {"minimum": 0, "maximum": 1}]
