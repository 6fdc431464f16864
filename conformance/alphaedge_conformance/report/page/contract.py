"""The contract in a page, so that a requirement leads to its line and to the sentence of the vendor's page."""

from __future__ import annotations

from attrs import define

from ...contract import Contract
from ...errors import ConfigurationError
from ..document import Report, Requirement


@define
class ContractText:
    contract: Contract

    @classmethod
    def of(cls, report: Report, contract: Contract | None) -> ContractText | None:
        """None where it is not at hand: the report names it by its digest."""
        if contract is None:
            claimed = [profile["name"] for profile in report.get("profiles", []) if profile["claimed"]]
            try:
                contract = Contract.load(None, claimed)
            except ConfigurationError:  # a profile that was the caller's own file
                return None
        return cls(contract) if contract.digest == report["contract"]["digest"] else None

    @property
    def lines(self) -> list[str]:
        return self.contract.text.splitlines()

    def line(self, requirement: Requirement) -> int:
        return self.contract.line(requirement["pointer"])

    def quote_line(self, requirement: Requirement) -> int:
        """Where the quote of a documented requirement stands: at what it is about, around it, or in the list."""
        pointer = requirement["pointer"]
        while pointer:
            here = self.contract.at(pointer) if self.contract.has(pointer) else None
            if isinstance(here, dict) and here.get("x-quote") == requirement["quote"]:
                return self.contract.line(f"{pointer}/x-quote")
            pointer = pointer.rpartition("/")[0]
        stated = self.contract.document.get("x-requirements", [])
        index = next((index for index, each in enumerate(stated) if each.get("id") == requirement["id"]), None)
        return self.line(requirement) if index is None else self.contract.line(f"/x-requirements/{index}/quote")
