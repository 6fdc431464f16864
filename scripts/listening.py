"""Where the processes of a session listen, read from /proc."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Address = IPv4Address | IPv6Address


def listening(session: int, proc: Path = Path("/proc")) -> set[Address]:
    """Empty where the system does not tell."""
    sockets: set[str] = set()
    found: set[Address] = set()
    for stat in proc.glob("[0-9]*/stat"):
        with suppress(OSError):  # processes end
            if int(stat.read_text().rpartition(")")[2].split()[3]) != session:
                continue
            for link in (stat.parent / "fd").iterdir():
                with suppress(OSError):  # and files are closed
                    sockets.add(str(link.readlink()))
    for table in ("tcp", "tcp6"):
        path = proc / "net" / table
        for row in path.read_text().splitlines()[1:] if path.exists() else ():
            columns = row.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:
                found.add(address(columns[1].partition(":")[0]))
    return found


def address(digits: str) -> Address:
    """Each four bytes are written the other way round."""
    raw = b"".join(bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    found = ip_address(raw)
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
